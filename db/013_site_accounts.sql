-- Accounts whose users sign in elsewhere: at the site itself, whose backend is a client, or at an OpenID provider. They have no password
-- here. The server makes and changes them, and no others, through the functions below.

alter table account
  add issuer text collate "C" check (issuer ~ '^(oidc\.)?[a-z0-9-]{1,32}$'),
  add external_id text collate "C" check (external_id ~ '^[!-~]{1,255}$'),
  add issuer_disabled_at timestamptz,
  alter password_hash drop not null,
  drop constraint account_username_check,
  add constraint account_username_check check (case
    when issuer is null then username ~ '^[A-Za-z0-9._@+-]{1,64}$' else username = issuer || '/' || external_id end),
  add constraint account_issuer check ((issuer is null) = (external_id is null)),
  add constraint account_password check ((issuer is null) = (password_hash is not null)),
  add constraint account_external unique (issuer, external_id);
drop index account_username;
create unique index account_username on account (lower(username)) where issuer is null;

comment on column account.username is 'What is typed at sign-in, unique whatever the case; of an account with an issuer: issuer/external_id.';
comment on column account.issuer is 'Who vouches for the user: a client, by its name, or an OpenID provider, as oidc.name. Null: the password does.';
comment on column account.external_id is 'What the issuer calls the user; case matters.';
comment on column account.password_hash is 'bcrypt, of the password in Unicode NFC. Null where there is an issuer.';
comment on column account.issuer_disabled_at is 'When the issuer disabled it: what still is disabled since then, it may enable again.';
grant select (issuer, external_id) on account to qrlogin_server;

create or replace function sign_in_secret(username text) returns table (account_id uuid, password_hash text)
language sql stable strict security definer set search_path = public, pg_temp
as $$
  select a.id, a.password_hash from account a
  where lower(a.username) = lower(sign_in_secret.username collate "C") and a.issuer is null and a.disabled_at is null
$$;

create or replace function admin.account_named(username text) returns account
language plpgsql stable as $$
declare
  found_account account;
begin
  select * into found_account from account a where lower(a.username) = lower(account_named.username collate "C") and a.issuer is null;
  if not found then
    select * into found_account from account a
    where a.issuer = split_part(account_named.username, '/', 1)
      and a.external_id = substr(account_named.username, strpos(account_named.username, '/') + 1);
  end if;
  if not found then
    raise exception 'There is no account "%".', username
      using errcode = 'no_data_found', hint = 'select username from admin.accounts; shows those there are.';
  end if;
  return found_account;
end
$$;

create or replace function admin.set_password(username text, password text) returns integer
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
  hash text := admin.password_hash(password);
begin
  if owner.issuer is not null then
    raise exception 'The account "%" has no password here: its user signs in at "%".', owner.username, owner.issuer
      using errcode = 'invalid_parameter_value', hint = format('select admin.revoke_sessions(%L); ends its sessions.', owner.username);
  end if;
  perform lock_account(owner.id);
  update account set password_hash = hash where id = owner.id;
  return admin.end_sessions(owner.id, 'password_changed');
end
$$;

create or replace function admin.disable_account(username text) returns integer
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
begin
  perform lock_account(owner.id);
  update account set disabled_at = coalesce(disabled_at, clock_timestamp()), issuer_disabled_at = null where id = owner.id;
  return admin.end_sessions(owner.id, 'account_disabled');
end
$$;

create or replace function admin.enable_account(username text) returns void
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
begin
  perform lock_account(owner.id);
  update account set disabled_at = null, issuer_disabled_at = null where id = owner.id;
end
$$;

do $$
begin
  alter function admin.set_password(text, text) set log_min_error_statement = panic;
exception
  when insufficient_privilege then null; -- 006 has said it
end
$$;

-- The one-time code with which the site's page gets the session that the site's backend has opened.
create table handoff (
  hash bytea primary key check (length(hash) = 32),
  account_id uuid not null references account on delete cascade,
  client_id uuid not null references client on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  used_at timestamptz
);
create index handoff_account on handoff (account_id);
create index handoff_client on handoff (client_id);

comment on table handoff is 'Codes with which a site''s page gets a session. Swept an hour after they expired.';
comment on column handoff.hash is 'SHA-256 of the code''s 32 random bytes.';
comment on column handoff.account_id is 'Whose session it will be.';
comment on column handoff.client_id is 'Who has asked for it.';
comment on column handoff.created_at is 'When it was asked for.';
comment on column handoff.expires_at is 'When it can no longer be used.';
comment on column handoff.used_at is 'When it became a session.';
grant select, insert, update, delete on handoff to qrlogin_server;

-- Whatever ends an account's sessions ends the hand-offs that would open others.
create function end_account_sessions(account_id uuid, reason text, kind text default null) returns integer
language plpgsql volatile as $$
declare
  ended integer;
begin
  delete from handoff h where h.account_id = $1 and h.used_at is null and $3 is distinct from 'mobile';
  update session s set revoked_at = clock_timestamp(), revoked_reason = reason
  where s.account_id = $1 and s.kind = coalesce($3, s.kind) and s.revoked_at is null and s.expires_at > clock_timestamp();
  get diagnostics ended = row_count;
  return ended;
end
$$;
comment on function end_account_sessions is 'Ends the live sessions of an account that is locked already, of both kinds or of one, and the hand-offs that would open others; returns how many sessions.';
revoke all on function end_account_sessions from public;
grant execute on function end_account_sessions to qrlogin_server;

create or replace function admin.end_sessions(account_id uuid, reason text) returns integer
language sql volatile as $$ select public.end_account_sessions(account_id, reason) $$;

-- What the server asks for. What changes the state of an account locks it first, as everywhere.

create function open_site_account(
  issuer text, external_id text, display_name text, client_id uuid default null, code_hash bytea default null, seconds integer default 30)
returns table (account_id uuid, is_disabled boolean, is_new boolean)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  opened account;
  made boolean := false;
begin
  loop -- as often as it is erased between the two statements
    insert into account (issuer, external_id, username, display_name)
    values ($1, $2, $1 || '/' || $2, $3)
    on conflict on constraint account_external do nothing;
    made := made or found;
    select * into opened from account a where a.issuer = $1 and a.external_id = $2 for no key update;
    exit when found;
  end loop;
  if opened.disabled_at is null then
    update account a set display_name = $3 where a.id = opened.id and a.display_name <> $3;
    insert into handoff (hash, account_id, client_id, expires_at)
    select $5, opened.id, $4, now() + $6 * interval '1 s' where $5 is not null;
  end if;
  return query select opened.id, opened.disabled_at is not null, made;
end
$$;

create function find_site_account(issuer text, external_id text) returns uuid
language sql stable strict security definer set search_path = public, pg_temp
return (select a.id from account a where a.issuer = $1 and a.external_id = $2);

create function disable_site_account(account_id uuid, is_disabled boolean) returns boolean
language plpgsql volatile strict security definer set search_path = public, pg_temp as $$
declare
  moment timestamptz := clock_timestamp();
begin
  perform lock_account($1);
  update account a set disabled_at = case when $2 then moment end, issuer_disabled_at = case when $2 then moment end
  where a.id = $1 and a.issuer is not null and (a.disabled_at is null) = $2 and ($2 or a.disabled_at = a.issuer_disabled_at);
  if found and $2 then
    perform end_account_sessions($1, 'account_disabled');
  end if;
  return coalesce((select (a.disabled_at is not null) = $2 from account a where a.id = $1), true);
end
$$;

create function erase_site_account(account_id uuid) returns boolean
language plpgsql volatile strict security definer set search_path = public, pg_temp as $$
begin
  perform lock_account($1);
  delete from account a
  where a.id = $1 and a.issuer is not null and (a.disabled_at is null or a.disabled_at is not distinct from a.issuer_disabled_at);
  return not exists (select from account a where a.id = $1);
end
$$;

create function bind_for_site(account_id uuid, kind text, value text, label text, at_most integer) returns text
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
  bound binding;
begin
  perform from account a where a.id = $1 and a.issuer is not null for no key update;
  if not found then
    return null;
  end if;
  loop -- as often as it is unbound between the two statements
    insert into binding (account_id, kind, value, label)
    select $1, $2, $3, $4 where (select count(*) from binding b where b.account_id = $1) < $5
    on conflict (key) do nothing;
    if found then
      return 'bound';
    end if;
    select * into bound from binding b where b.key = $2 || ':' || $3;
    if bound.account_id <> $1 then
      return 'taken';
    elsif bound.account_id = $1 then
      update binding b set label = $4 where b.key = bound.key and b.account_id = $1 and $4 is distinct from b.label and $4 is not null;
      return case when found then 'labelled' else 'unchanged' end;
    elsif (select count(*) from binding b where b.account_id = $1) >= $5 then
      return 'full';
    end if;
  end loop;
end
$$;

create function unbind_for_site(account_id uuid, kind text, value text) returns boolean
language plpgsql volatile strict security definer set search_path = public, pg_temp as $$
begin
  perform lock_account($1);
  delete from binding b using account a
  where b.account_id = $1 and b.kind = $2 and b.value = $3 and a.id = $1 and a.issuer is not null;
  return found;
end
$$;

comment on function open_site_account is 'The account of that issuer and id, made, or given that name unless it is disabled; with a hash, a hand-off for it.';
comment on function find_site_account is 'The account of that issuer and id, or null.';
comment on function disable_site_account is 'Disables an issuer''s account, which ends its sessions, or enables what the issuer had disabled; whether it is so now.';
comment on function erase_site_account is 'Deletes an issuer''s account with all that is its, unless an administrator has disabled it; whether it is gone.';
comment on function bind_for_site is 'Binds a normal identifier, unless that would be more than at_most: bound, labelled, unchanged, taken (another account has it), full; null where the account is none of an issuer''s.';
comment on function unbind_for_site is 'Unbinds it from that account; false where it was not bound to it.';

revoke all on function open_site_account, find_site_account, disable_site_account, erase_site_account, bind_for_site, unbind_for_site
  from public;
grant execute on function open_site_account, find_site_account, disable_site_account, erase_site_account, bind_for_site, unbind_for_site
  to qrlogin_server;

-- The triggers of the audit trail run as the owner, and what the server does through the functions above is not an administrator's act:
-- it tells it itself. Whose statement it is says the session's role, not the current user.
create or replace function is_administrator() returns boolean
language sql stable
return has_table_privilege(coalesce(nullif(current_setting('role'), 'none'), session_user::text), 'public.account', 'update');

drop trigger account_audit on account;
create trigger account_audit after insert or update or delete on account
  for each row when (is_administrator()) execute function audit_account();
drop trigger binding_audit on binding;
create trigger binding_audit after insert or update or delete on binding
  for each row when (is_administrator()) execute function audit_binding();

-- Accounts are known by their client's name: it keeps it, and stays as long as they do.
create function keep_client() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' and not exists (select from public.account a where a.issuer = old.name) then
    return old;
  elsif tg_op = 'UPDATE' and new.name = old.name then
    return new;
  end if;
  raise exception 'The client "%" has accounts that are known by its name.', old.name
    using errcode = 'restrict_violation', hint = format('select admin.disable_client(%L); forbids it everything.', old.name);
end
$$;
comment on function keep_client is 'Refuses to rename a client, and to delete one that has accounts.';
create trigger client_kept before update or delete on client for each row execute function keep_client();
