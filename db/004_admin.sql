-- The schema admin is for people with psql. Its functions normalise and check like the server and say what is wrong and what to do.

create extension if not exists pgcrypto;
create schema admin;

create function admin.account_named(username text) returns account
language plpgsql stable as $$
declare
  found_account account;
begin
  select * into found_account from account a where lower(a.username) = lower(account_named.username collate "C");
  if not found then
    raise exception 'There is no account "%".', username
      using errcode = 'no_data_found', hint = 'select username from admin.accounts; shows those there are.';
  end if;
  return found_account;
end
$$;

create function admin.password_hash(password text) returns text
language plpgsql volatile as $$
declare
  normal text := normalize(password, NFC);
begin
  if password is null or normal = '' then
    raise exception 'The password is empty.' using errcode = 'invalid_parameter_value', hint = 'Give at least one character.';
  elsif octet_length(normal) > 72 then
    raise exception 'The password has % bytes in UTF-8; bcrypt reads only 72.', octet_length(normal)
      using errcode = 'invalid_parameter_value', hint = 'Choose a shorter one.';
  end if;
  return crypt(normal, gen_salt('bf', 12));
end
$$;

create function admin.identifier(kind text, value text) returns text
language plpgsql immutable as $$
declare
  normal text := normal_identifier(kind, value);
begin
  if kind is null or kind not in ('phone', 'imei', 'imsi', 'iccid', 'mac', 'app') then
    raise exception 'There is no kind "%".', kind
      using errcode = 'invalid_parameter_value', hint = 'The kinds are phone, imei, imsi, iccid, mac and app.';
  elsif normal is null then
    raise exception '"%" is not a valid %.', value, kind using errcode = 'invalid_parameter_value', hint = case kind
      when 'phone' then 'Write it with + and the country code, as in +8613800138000.'
      when 'imei' then 'It has 15 digits, the last of them a check digit.'
      when 'imsi' then 'It has 14 or 15 digits.'
      when 'iccid' then 'It has 19 or 20 characters and starts with 89; if all are digits, the last is a check digit.'
      when 'mac' then 'Write it as a4:83:e7:01:02:03. Multicast addresses and 02:00:00:00:00:00, which stands for "hidden", are no device''s.'
      else 'An install id has 22 to 128 of A-Z a-z 0-9 - _ .' end;
  end if;
  return normal;
end
$$;

create function admin.create_account(username text, password text, display_name text default null) returns uuid
language plpgsql volatile as $$
declare
  made uuid;
begin
  if username is null or username collate "C" !~ '^[A-Za-z0-9._@+-]{1,64}$' then
    raise exception '"%" is not a valid user name.', username
      using errcode = 'invalid_parameter_value', hint = 'It has 1 to 64 of A-Z a-z 0-9 . _ @ + -';
  elsif length(coalesce(display_name, username)) not between 1 and 100 then
    raise exception 'The display name has % characters.', length(display_name)
      using errcode = 'invalid_parameter_value', hint = 'It has 1 to 100.';
  end if;
  insert into account (username, display_name, password_hash)
  values (username, coalesce(display_name, username), admin.password_hash(password))
  returning id into made;
  return made;
exception
  when unique_violation then
    raise exception 'There is already an account "%".', username
      using errcode = 'unique_violation', hint = 'User names are the same whatever their case; choose another.';
end
$$;

create function admin.bind(username text, kind text, value text, label text default null) returns text
language plpgsql volatile as $$
declare
  owner account := admin.account_named(username);
  normal text := admin.identifier(kind, value);
  holder text;
begin
  if length(label) > 100 then
    raise exception 'The label has % characters.', length(label)
      using errcode = 'invalid_parameter_value', hint = 'It has at most 100.';
  end if;
  perform lock_account(owner.id);
  insert into binding (account_id, kind, value, label) values (owner.id, bind.kind, normal, bind.label)
  on conflict (key) do update set label = coalesce(excluded.label, binding.label) where binding.account_id = owner.id;
  if not found then
    select a.username into holder from binding b join account a on a.id = b.account_id where b.key = bind.kind || ':' || normal;
    raise exception '% % is already bound to "%".', kind, normal, holder
      using errcode = 'unique_violation', hint = format('select admin.unbind(%L, %L); frees it.', kind, normal);
  end if;
  return normal;
end
$$;

create function admin.unbind(kind text, value text) returns text
language plpgsql volatile as $$
declare
  normal text := admin.identifier(kind, value);
begin
  perform lock_account(b.account_id) from binding b where b.key = unbind.kind || ':' || normal;
  delete from binding b where b.key = unbind.kind || ':' || normal;
  if not found then
    raise exception '% % is not bound.', kind, normal
      using errcode = 'no_data_found', hint = 'select * from admin.bindings; shows those that are.';
  end if;
  return normal;
end
$$;

comment on schema admin is 'For people: functions that change accounts and bindings, views that show what there is, without secrets.';
comment on function admin.account_named is 'The account of that name, or an error.';
comment on function admin.password_hash is 'bcrypt of the password in NFC, cost 12, or an error.';
comment on function admin.identifier is 'The normal form of an identifier, or an error that says what is wrong with it.';
comment on function admin.create_account is 'Makes an account; returns its id.';
comment on function admin.bind is 'Binds an identifier to an account, or changes its label; returns the normal form.';
comment on function admin.unbind is 'Unbinds an identifier, whoever has it; returns the normal form.';

create view admin.accounts as
  select a.username, a.display_name, a.created_at, a.disabled_at,
    (select count(*) from binding b where b.account_id = a.id) as bindings,
    (select count(*) from session s where s.account_id = a.id and s.revoked_at is null and s.expires_at > now()) as live_sessions
  from account a order by lower(a.username);

create view admin.bindings as
  select a.username, b.kind, b.value, b.label, b.created_at
  from binding b join account a on a.id = b.account_id order by lower(a.username), b.kind, b.value;

create view admin.sessions as
  select a.username, s.kind,
    case when s.revoked_at is not null then s.revoked_reason when s.expires_at <= now() then 'expired' else 'alive' end as state,
    s.device_name as device, s.device_platform as platform, host(s.address) as address,
    s.created_at, s.last_seen_at, s.expires_at, s.revoked_at, s.id, s.parent_id
  from session s join account a on a.id = s.account_id order by s.created_at desc;

create view admin.attempts as
  select a.username,
    case when t.redeemed_at is not null then 'redeemed' when t.declined_at is not null then 'declined'
         when t.superseded_at is not null then 'superseded' when t.expires_at <= now() then 'expired' else 'open' end as state,
    t.identifiers, t.device_name as device, t.device_platform as platform, host(t.address) as address, t.check_code,
    t.created_at, coalesce(t.redeemed_at, t.declined_at, t.superseded_at, least(t.expires_at, now())) - t.created_at as lasted,
    t.id, t.session_id
  from login_attempt t join account a on a.id = t.account_id order by t.created_at desc;

comment on view admin.accounts is 'Accounts, with how many bindings and live sessions each has.';
comment on view admin.bindings is 'Who owns which identifier.';
comment on view admin.sessions is 'Sessions, newest first; parent_id is the PC session that admitted a phone.';
comment on view admin.attempts is 'Phones that asked to be signed in, newest first; session_id is the session that came of it.';
