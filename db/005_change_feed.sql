-- The change feed: whoever changes bindings, disables an account or ends a session tells every node, by account. A notification is a
-- reason to read again, believed no further: any role can send one. Identify, redeem and the insert of a session never notify, because
-- NOTIFY takes a lock at commit that is global to the database.

create function notify_account_changed() returns trigger
language plpgsql as $$
begin
  perform pg_notify(tg_argv[0], (case tg_table_name
    when 'account' then to_jsonb(new) ->> 'id'
    else coalesce(to_jsonb(new), to_jsonb(old)) ->> 'account_id' end));
  if tg_op = 'UPDATE' and to_jsonb(old) ->> 'account_id' is distinct from to_jsonb(new) ->> 'account_id' then
    perform pg_notify(tg_argv[0], to_jsonb(old) ->> 'account_id');
  end if;
  return null;
end
$$;
comment on function notify_account_changed is 'Sends the id of the account that a row belongs to, to the channel that is the argument.';

create trigger binding_changed after insert or update or delete on binding
  for each row execute function notify_account_changed('qrlogin_bindings');
create trigger account_disabled after update of disabled_at on account
  for each row when (old.disabled_at is distinct from new.disabled_at) execute function notify_account_changed('qrlogin_sessions');
create trigger session_ended after update of revoked_at, expires_at on session
  for each row when ((old.revoked_at is null and new.revoked_at is not null) or new.expires_at < old.expires_at)
  execute function notify_account_changed('qrlogin_sessions');
create trigger session_deleted after delete on session
  for each row when (old.revoked_at is null) execute function notify_account_changed('qrlogin_sessions');
