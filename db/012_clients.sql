-- Who may call for a site: its backend, and services that check the phones' tokens. Administrators keep them; the server only reads.

create table client (
  id uuid primary key default gen_random_uuid(),
  name text collate "C" not null unique check (name ~ '^[a-z0-9-]{1,32}$'),
  scopes text[] collate "C" not null check (
    cardinality(scopes) > 0 and scopes <@ array['sessions', 'bindings', 'introspect', 'revoke'] collate "C"),
  secret_hash bytea not null check (length(secret_hash) = 32),
  former_hash bytea check (length(former_hash) = 32),
  former_until timestamptz,
  created_at timestamptz not null default now(),
  disabled_at timestamptz,
  constraint client_former check ((former_hash is null) = (former_until is null))
);

comment on table client is 'A program of a site that calls the server with a secret of its own (HTTP Basic).';
comment on column client.id is 'Never shown.';
comment on column client.name is 'The user name of HTTP Basic, and the issuer of the accounts that the client makes.';
comment on column client.scopes is 'What it may do: sessions, bindings, introspect, revoke.';
comment on column client.secret_hash is 'SHA-256 of the secret''s 32 random bytes.';
comment on column client.former_hash is 'The same of the secret before the last rotation.';
comment on column client.former_until is 'Until when that one still works.';
comment on column client.created_at is 'When it was made.';
comment on column client.disabled_at is 'Since when it may do nothing; null while it is enabled.';

grant select on client to qrlogin_server;

create function admin.client_named(name text) returns client
language plpgsql stable as $$
declare
  found_client client;
begin
  select * into found_client from client c where c.name = client_named.name;
  if not found then
    raise exception 'There is no client "%".', name
      using errcode = 'no_data_found', hint = 'select name from admin.clients; shows those there are.';
  end if;
  return found_client;
end
$$;

create function admin.client_scopes(scopes text[]) returns text[]
language plpgsql immutable as $$
begin
  if coalesce(cardinality(scopes), 0) = 0 or not scopes <@ array['sessions', 'bindings', 'introspect', 'revoke'] then
    raise exception 'The scopes are not among those there are.'
      using errcode = 'invalid_parameter_value', hint = 'Give some of sessions, bindings, introspect and revoke: array[''sessions''].';
  end if;
  return array(select distinct unnest(scopes) order by 1);
end
$$;

create function admin.new_client_secret(out text text, out hash bytea)
language plpgsql volatile as $$
declare
  secret bytea := gen_random_bytes(32);
begin
  text := translate(rtrim(encode(secret, 'base64'), '='), '+/', '-_');
  hash := sha256(secret);
end
$$;

create function admin.create_client(name text, scopes text[]) returns text
language plpgsql volatile as $$
declare
  secret record := admin.new_client_secret();
begin
  if name is null or name collate "C" !~ '^[a-z0-9-]{1,32}$' then
    raise exception '"%" is not a valid name of a client.', name
      using errcode = 'invalid_parameter_value', hint = 'It has 1 to 32 of a-z 0-9 -';
  end if;
  insert into client (name, scopes, secret_hash) values (name, admin.client_scopes(scopes), secret.hash);
  return secret.text;
exception
  when unique_violation then
    raise exception 'There is already a client "%".', name
      using errcode = 'unique_violation', hint = format('select admin.rotate_client(%L); gives it another secret.', name);
end
$$;

create function admin.rotate_client(name text, overlap interval default '1 hour') returns text
language plpgsql volatile as $$
declare
  changed client := admin.client_named(name);
  secret record := admin.new_client_secret();
begin
  update client c set former_hash = c.secret_hash, former_until = clock_timestamp() + coalesce(overlap, '0'), secret_hash = secret.hash
  where c.id = changed.id;
  return secret.text;
end
$$;

create function admin.set_client_scopes(name text, scopes text[]) returns void
language plpgsql volatile as $$
declare
  changed client := admin.client_named(name);
begin
  update client c set scopes = admin.client_scopes(set_client_scopes.scopes) where c.id = changed.id;
end
$$;

create function admin.disable_client(name text) returns void
language plpgsql volatile as $$
declare
  changed client := admin.client_named(name);
begin
  update client c set disabled_at = clock_timestamp() where c.id = changed.id and c.disabled_at is null;
  delete from handoff h where h.client_id = changed.id and h.used_at is null;
end
$$;

create function admin.enable_client(name text) returns void
language plpgsql volatile as $$
declare
  changed client := admin.client_named(name);
begin
  update client c set disabled_at = null where c.id = changed.id;
end
$$;

comment on function admin.client_named is 'The client of that name, or an error.';
comment on function admin.client_scopes is 'The scopes in order, each once, or an error that names those there are.';
comment on function admin.new_client_secret is 'A new secret as base64url, and its SHA-256.';
comment on function admin.create_client is 'Makes a client; returns its secret, which is shown this once and kept nowhere.';
comment on function admin.rotate_client is 'Gives a client another secret and returns it; the one before works for an hour, or as long as overlap says.';
comment on function admin.set_client_scopes is 'What the client may do from now on.';
comment on function admin.disable_client is 'Forbids the client everything at once. The accounts that it made stay as they are.';
comment on function admin.enable_client is 'Allows a disabled client to call again, with the same secret.';

create view admin.clients as
  select name, scopes, created_at, disabled_at, case when former_until > now() then former_until end as former_secret_until
  from client order by name;
comment on view admin.clients is 'The clients; former_secret_until says how long the secret before the last rotation still works.';

create function audit_client() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform write_administrators_act('create_client', null, format('%s for %s', new.name, array_to_string(new.scopes, ', ')));
  elsif tg_op = 'DELETE' then
    perform write_administrators_act('delete_client', null, old.name);
  else
    if old.secret_hash <> new.secret_hash then
      perform write_administrators_act('rotate_client', null, new.name);
    end if;
    if old.scopes <> new.scopes then
      perform write_administrators_act('set_client_scopes', null, format('%s: %s', new.name, array_to_string(new.scopes, ', ')));
    end if;
    if (old.disabled_at is null) <> (new.disabled_at is null) then
      perform write_administrators_act(case when new.disabled_at is null then 'enable_client' else 'disable_client' end, null, new.name);
    end if;
  end if;
  return null;
end
$$;
comment on function audit_client is 'What has been done to a client; of a secret that it is another, never what it is.';

create trigger client_audit after insert or update or delete on client
  for each row execute function audit_client();

-- The server's own acts for a client.
alter table audit drop constraint audit_actor_check,
  add constraint audit_actor_check check (actor in ('computer', 'phone', 'client', 'administrator', 'server'));
comment on column audit.actor is 'Who: a computer''s browser, a phone, a client of the site, an administrator in psql, or the server by itself.';
