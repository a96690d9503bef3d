-- The audit trail: who did what from where when, kept 90 days. The server writes what it did itself (Server/Storage/AuditTrail.cs) and
-- may neither read, change nor delete; what an administrator changes is written by triggers, in the transaction that changes it.

create table audit (
  id uuid primary key default gen_random_uuid(),
  at timestamptz not null default clock_timestamp(),
  actor text not null check (actor in ('computer', 'phone', 'administrator', 'server')),
  event text not null check (event ~ '^[a-z_]{1,40}$'),
  why text,
  account_id uuid,
  session_id uuid,
  attempt_id uuid,
  address inet,
  detail text
);
create index audit_at on audit (at);
create index audit_account on audit (account_id, at);

comment on table audit is 'Who did what from where when, without secrets. Rows are only ever added, and swept after 90 days.';
comment on column audit.id is 'Made by the writer, so that a write that is repeated after its answer was lost adds nothing.';
comment on column audit.at is 'When it happened.';
comment on column audit.actor is 'Who: a computer''s browser, a phone, an administrator in psql, or the server by itself.';
comment on column audit.event is 'What was asked for, in the words of the API and of the schema admin.';
comment on column audit.why is 'Why it was refused: the code of the answer. Null where it was done.';
comment on column audit.account_id is 'Whose account. Null where none was found; it outlives the account.';
comment on column audit.session_id is 'The session that acted; of sign_in and redeem the one that was made, of end_session the one that was ended.';
comment on column audit.attempt_id is 'The attempt that it was about.';
comment on column audit.address is 'From where it was asked; an administrator''s is null on a local socket.';
comment on column audit.detail is 'What else is worth knowing, for people. Identifiers are masked.';

grant insert on audit to qrlogin_server;

create function sweep_audit(step integer) returns integer
language sql volatile strict security definer set search_path = public, pg_temp as $$
  with gone as (
    delete from audit where id in (select id from audit where at < now() - interval '90 d' order by at limit step for update skip locked)
    returning id)
  select count(*)::integer from gone
$$;
comment on function sweep_audit is 'Deletes at most so many rows that are older than 90 days; returns how many. The only way in which the server can delete any.';
revoke all on function sweep_audit from public;
grant execute on function sweep_audit to qrlogin_server;

create function masked_identifier(kind text, value text) returns text
language sql immutable strict parallel safe
return (case when kind = 'phone' then '+' || repeat('•', length(value) - least(4, length(value) / 3) - 1)
             else repeat('•', length(value) - least(4, length(value) / 3)) end) || right(value, least(4, length(value) / 3));
comment on function masked_identifier is 'As Identifier.Masked: the last four characters, at most a third.';

create function is_administrator() returns boolean
language sql stable
return has_table_privilege('public.account', 'update');
comment on function is_administrator is 'Whether the statement is an administrator''s: the server may not change accounts.';

create function write_administrators_act(event text, account_id uuid, what text) returns void
language sql volatile as $$
  insert into public.audit (actor, event, account_id, address, detail)
  values ('administrator', event, account_id, inet_client_addr(), format('%s, by %s', what, session_user))
$$;
comment on function write_administrators_act is 'Adds to the trail what somebody did in psql, in the same transaction.';
revoke all on function write_administrators_act from public;

create function audit_account() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform write_administrators_act('create_account', new.id, new.username);
  elsif tg_op = 'DELETE' then
    perform write_administrators_act('delete_account', old.id, old.username);
  else
    if old.password_hash <> new.password_hash then
      perform write_administrators_act('set_password', new.id, new.username);
    end if;
    if (old.disabled_at is null) <> (new.disabled_at is null) then
      perform write_administrators_act(
        case when new.disabled_at is null then 'enable_account' else 'disable_account' end, new.id, new.username);
    end if;
    if old.username <> new.username then
      perform write_administrators_act('rename_account', new.id, format('%s to %s', old.username, new.username));
    end if;
    if old.display_name <> new.display_name then
      perform write_administrators_act('change_display_name', new.id, format('%L to %L', old.display_name, new.display_name));
    end if;
  end if;
  return null;
end
$$;
comment on function audit_account is 'What has been done to an account; of a password that it is another, never what it is.';

create function audit_binding() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  is_other boolean := tg_op <> 'UPDATE' or (old.account_id, old.kind, old.value) is distinct from (new.account_id, new.kind, new.value);
begin
  if is_other and tg_op <> 'INSERT' then
    perform write_administrators_act('unbind', old.account_id, old.kind || ' ' || masked_identifier(old.kind, old.value));
  end if;
  if is_other and tg_op <> 'DELETE' then
    perform write_administrators_act('bind', new.account_id, new.kind || ' ' || masked_identifier(new.kind, new.value));
  end if;
  if not is_other and old.label is distinct from new.label then
    perform write_administrators_act('label_binding', new.account_id, new.kind || ' ' || masked_identifier(new.kind, new.value));
  end if;
  return null;
end
$$;
comment on function audit_binding is 'What has been bound and unbound; one that has another owner or value now is both.';

create function audit_sessions() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform write_administrators_act('end_sessions', n.account_id, format('%s: %s', count(*), coalesce(n.revoked_reason, 'expired')))
    from old_rows o join new_rows n on n.id = o.id
    where o.revoked_at is null and o.expires_at > now() and (n.revoked_at is not null or n.expires_at <= now())
    group by n.account_id, n.revoked_reason;
  else
    -- Those that go with their account are not worth a word.
    perform write_administrators_act('end_sessions', o.account_id, format('%s: deleted', count(*)))
    from old_rows o join account a on a.id = o.account_id
    where o.revoked_at is null and o.expires_at > now()
    group by o.account_id;
  end if;
  return null;
end
$$;
comment on function audit_sessions is 'How many live sessions an administrator''s statement has ended, and why; one row for each account.';

create trigger account_audit after insert or update or delete on account
  for each row execute function audit_account();
create trigger binding_audit after insert or update or delete on binding
  for each row execute function audit_binding();
create trigger session_audit_update after update on session referencing old table as old_rows new table as new_rows
  for each statement when (is_administrator()) execute function audit_sessions();
create trigger session_audit_delete after delete on session referencing old table as old_rows
  for each statement when (is_administrator()) execute function audit_sessions();

create view admin.audit as
  select u.at, u.actor, u.event, u.why, a.username, host(u.address) as address, u.detail, u.session_id, u.attempt_id, u.account_id
  from audit u left join account a on a.id = u.account_id order by u.at desc, u.id desc;
comment on view admin.audit is 'Who did what from where when, newest first, for 90 days; why says why it was refused.';
