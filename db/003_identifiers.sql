-- The normal form of device identifiers, as Server/Bindings/Identifier.cs has it; one corpus of values holds both together.

create function luhn_is_right(digits text) returns boolean
language sql immutable strict parallel safe
return (
  select sum(case when place % 2 = 0 then digit * 2 / 10 + digit * 2 % 10 else digit end) % 10 = 0
  from (select place, substr(reverse(digits), place, 1)::int as digit from generate_series(1, length(digits)) as place) as d
);

-- Returns null for what is refused. Names are qualified, because a restore of a backup runs with an empty search_path.
create function normal_identifier(kind text, value text) returns text
language plpgsql immutable strict parallel safe as $$
declare
  v text collate "C" := value;
begin
  if kind = 'phone' then
    v := translate(v, ' -.', '');
    if v like '%(0)%' then return null; end if;
    v := translate(v, '()', '');
    return case when v ~ '^\+[1-9][0-9]{6,14}$' then v end;
  elsif kind = 'imei' then
    v := translate(v, ' -/', '');
    return case when v ~ '^[0-9]{15}$' and v !~ '^(.)\1*$' and public.luhn_is_right(v) then v end;
  elsif kind = 'imsi' then
    v := translate(v, ' -', '');
    return case when v ~ '^[0-9]{14,15}$' and v !~ '^(.)\1*$' then v end;
  elsif kind = 'iccid' then
    v := regexp_replace(translate(v, ' -', ''), 'F$', '');
    return case when v !~ '^89[0-9A-Z]{16,17}[0-9A-EG-Z]$' then null when v ~ '[A-Z]' or public.luhn_is_right(v) then v end;
  elsif kind = 'mac' then
    v := lower(translate(v, ':-.', ''));
    if v !~ '^[0-9a-f][02468ace][0-9a-f]{10}$' or v in ('000000000000', '020000000000') then return null; end if;
    return regexp_replace(v, '(..)(?=.)', '\1:', 'g');
  elsif kind = 'app' then
    return case when v ~ '^[A-Za-z0-9_.-]{22,128}$' then v end;
  end if;
  return null;
end
$$;

comment on function luhn_is_right is 'Whether the last digit is the Luhn check digit (ISO/IEC 7812-1) of those before it.';
comment on function normal_identifier is 'The form in which an identifier is compared and stored; null where it is refused or the kind is unknown.';

-- A null would pass a CHECK, so equality is not enough.
alter table binding add constraint binding_normal check (value is not distinct from normal_identifier(kind, value));
