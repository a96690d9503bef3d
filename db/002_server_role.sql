-- The role of the running server: rows, never structure. A login user is made a member of it:
--   create role qrlogin_app login password '…' in role qrlogin_server;
-- Roles belong to the whole cluster, so another database may have made it already.

do $$
begin
  create role qrlogin_server nologin;
exception
  when duplicate_object or unique_violation then null;
end
$$;

revoke all on schema public from public;
grant usage on schema public to qrlogin_server;

grant select (id, username, display_name, created_at, disabled_at) on account to qrlogin_server;
grant select on binding to qrlogin_server;
grant select, insert, update, delete on session, login_attempt, login_ticket to qrlogin_server;

-- FOR NO KEY UPDATE wants the right to update, which the server does not have on accounts: hence a function of the owner's.
create function lock_account(account_id uuid) returns void
language plpgsql volatile strict security definer set search_path = public, pg_temp as $$
begin
  perform from account a where a.id = lock_account.account_id for no key update;
end
$$;

create function sign_in_secret(username text) returns table (account_id uuid, password_hash text)
language sql stable strict security definer set search_path = public, pg_temp
as $$
  select a.id, a.password_hash from account a where lower(a.username) = lower(sign_in_secret.username collate "C") and a.disabled_at is null
$$;

comment on function lock_account is 'Locks the account''s row until the end of the transaction: the first statement of each change of its state.';
comment on function sign_in_secret is 'The bcrypt hash of one enabled account, by user name: all that sign-in needs of it.';

revoke all on function lock_account, sign_in_secret from public;
grant execute on function lock_account, sign_in_secret to qrlogin_server;
