-- The rest of the schema admin: what changes an account as a whole. Each locks the account first, so that no sign-in that is under way
-- slips through.

create function admin.end_sessions(account_id uuid, reason text) returns integer
language plpgsql volatile as $$
declare
  ended integer;
begin
  update session s set revoked_at = clock_timestamp(), revoked_reason = reason
  where s.account_id = end_sessions.account_id and s.revoked_at is null and s.expires_at > clock_timestamp();
  get diagnostics ended = row_count;
  return ended;
end
$$;

create function admin.set_password(username text, password text) returns integer
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
  hash text := admin.password_hash(password);
begin
  perform lock_account(owner.id);
  update account set password_hash = hash where id = owner.id;
  return admin.end_sessions(owner.id, 'password_changed');
end
$$;

create function admin.disable_account(username text) returns integer
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
begin
  perform lock_account(owner.id);
  update account set disabled_at = clock_timestamp() where id = owner.id and disabled_at is null;
  return admin.end_sessions(owner.id, 'account_disabled');
end
$$;

create function admin.enable_account(username text) returns void
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
begin
  perform lock_account(owner.id);
  update account set disabled_at = null where id = owner.id;
end
$$;

create function admin.revoke_sessions(username text) returns integer
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
begin
  perform lock_account(owner.id);
  return admin.end_sessions(owner.id, 'revoked');
end
$$;

comment on function admin.end_sessions is 'Ends the live sessions of an account that is locked already; returns how many.';
comment on function admin.set_password is 'Sets the password and ends all sessions; returns how many.';
comment on function admin.disable_account is 'Forbids the account everything and ends all its sessions; returns how many.';
comment on function admin.enable_account is 'Allows a disabled account to sign in again.';
comment on function admin.revoke_sessions is 'Ends all sessions of the account; returns how many.';

-- PostgreSQL logs the text of a statement that fails, and with it a password. The setting belongs to superusers; where the owner may not
-- change it, README says what to do instead.
do $$
begin
  alter function admin.create_account(text, text, text) set log_min_error_statement = panic;
  alter function admin.set_password(text, text) set log_min_error_statement = panic;
exception
  when insufficient_privilege then
    raise notice 'Statements with passwords that fail will stand in PostgreSQL''s log: only a superuser can prevent it.';
end
$$;
