-- The tables of QrLogin. PostgreSQL's clock alone decides what has expired; secrets are here as SHA-256 only.
-- Every change of an account's state first locks the account's row (lock_account, 002), then acts in a second statement.

create table account (
  id uuid primary key default gen_random_uuid(),
  username text collate "C" not null check (username ~ '^[A-Za-z0-9._@+-]{1,64}$'),
  display_name text not null check (length(display_name) between 1 and 100),
  password_hash text not null check (password_hash ~ '^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'),
  created_at timestamptz not null default now(),
  disabled_at timestamptz
);
create unique index account_username on account (lower(username));

comment on table account is 'Who may sign in. Kept by administrators through the schema admin.';
comment on column account.id is 'Never shown to people; the key of everything else.';
comment on column account.username is 'What is typed at sign-in; unique whatever the case.';
comment on column account.display_name is 'What people are shown.';
comment on column account.password_hash is 'bcrypt, of the password in Unicode NFC.';
comment on column account.created_at is 'When the account was made.';
comment on column account.disabled_at is 'Since when the account may do nothing; null while it is enabled.';

create table binding (
  kind text collate "C" not null check (kind in ('phone', 'imei', 'imsi', 'iccid', 'mac', 'app')),
  value text collate "C" not null check (length(value) between 7 and 128),
  key text collate "C" generated always as (kind || ':' || value) stored primary key,
  account_id uuid not null references account on delete cascade,
  label text check (length(label) <= 100),
  created_at timestamptz not null default now()
);
create index binding_account on binding (account_id);

comment on table binding is 'Which device identifier belongs to which account. An identifier has one owner.';
comment on column binding.kind is 'phone (E.164), imei, imsi (SIM subscriber), iccid (SIM card), mac or app (install id).';
comment on column binding.value is 'The normal form that normal_identifier makes.';
comment on column binding.key is 'kind:value, as login_attempt.identifiers has it.';
comment on column binding.account_id is 'The owner.';
comment on column binding.label is 'What the administrator calls the device.';
comment on column binding.created_at is 'When it was bound.';

create table session (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  kind text not null check (kind in ('web', 'mobile')),
  token_hash bytea not null unique check (length(token_hash) = 32),
  parent_id uuid references session,
  device_name text check (length(device_name) <= 64),
  device_platform text check (length(device_platform) <= 64),
  address inet not null,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  revoked_at timestamptz,
  revoked_reason text check (revoked_reason in
    ('signed_out', 'replaced', 'ended', 'declined', 'password_changed', 'account_disabled', 'revoked')),
  constraint session_parent check ((kind = 'mobile') = (parent_id is not null)),
  constraint session_revoked check ((revoked_at is null) = (revoked_reason is null))
);
create index session_account on session (account_id);
create index session_parent on session (parent_id);

comment on table session is 'A signed-in PC (web) or phone (mobile). Alive: not revoked and not expired, on an account that is enabled.';
comment on column session.id is 'Safe to show; the token is not derived from it.';
comment on column session.account_id is 'Whose session it is.';
comment on column session.kind is 'web: the PC''s cookie. mobile: the phone''s bearer token.';
comment on column session.token_hash is 'SHA-256 of the token''s 32 bytes.';
comment on column session.parent_id is 'The PC session that admitted this phone; it may have ended since.';
comment on column session.device_name is 'The device''s own claim, without control characters.';
comment on column session.device_platform is 'The device''s own claim, without control characters.';
comment on column session.address is 'From where it was made.';
comment on column session.created_at is 'When it was made.';
comment on column session.last_seen_at is 'The last use, written at most once a minute.';
comment on column session.expires_at is 'The smaller of the idle and the absolute end; moves with last_seen_at on mobile sessions.';
comment on column session.revoked_at is 'When it was ended before its time.';
comment on column session.revoked_reason is 'Why it was ended before its time.';

create table login_attempt (
  id uuid primary key,
  account_id uuid not null references account on delete cascade,
  identifiers text[] collate "C" not null check (cardinality(identifiers) between 1 and 8),
  has_app boolean not null,
  code_challenge bytea not null check (length(code_challenge) = 32),
  token_salt bytea check (length(token_salt) = 16),
  device_name text check (length(device_name) <= 64),
  device_platform text check (length(device_platform) <= 64),
  address inet not null,
  check_code smallint not null check (check_code between 10 and 99),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  redeemed_at timestamptz,
  declined_at timestamptz,
  superseded_at timestamptz,
  muted_at timestamptz,
  session_id uuid unique references session,
  constraint login_attempt_ends_once check (num_nonnulls(redeemed_at, declined_at, superseded_at) <= 1),
  constraint login_attempt_redeemed check (num_nulls(redeemed_at, session_id, token_salt) in (0, 3))
);
create index login_attempt_recent on login_attempt (account_id, created_at);
create index login_attempt_expiry on login_attempt using brin (expires_at);
create unique index login_attempt_open on login_attempt (account_id)
  where redeemed_at is null and declined_at is null and superseded_at is null;

comment on table login_attempt is 'One phone asking to be signed in. An account has at most one that is open.';
comment on column login_attempt.id is 'Shown to PC and phone.';
comment on column login_attempt.account_id is 'The account whose live connection was found.';
comment on column login_attempt.identifiers is 'All that the phone submitted, as kind:value.';
comment on column login_attempt.has_app is 'Whether an app identifier of theirs was bound to the account: such an attempt gives way only to others like it.';
comment on column login_attempt.code_challenge is 'RFC 7636 S256 challenge: only the phone that has the verifier can redeem.';
comment on column login_attempt.token_salt is 'With the verifier, makes the phone''s token again, so that a repeated redeem gets the same one.';
comment on column login_attempt.device_name is 'The phone''s own claim, without control characters.';
comment on column login_attempt.device_platform is 'The phone''s own claim, without control characters.';
comment on column login_attempt.address is 'From where the phone asked.';
comment on column login_attempt.check_code is 'Two digits that both screens show.';
comment on column login_attempt.created_at is 'When the phone asked.';
comment on column login_attempt.expires_at is 'When it can no longer be redeemed.';
comment on column login_attempt.redeemed_at is 'When it became a session.';
comment on column login_attempt.declined_at is 'When somebody at the PC said: not me.';
comment on column login_attempt.superseded_at is 'When a newer attempt took its place.';
comment on column login_attempt.muted_at is 'When somebody at the PC said: not me, of an attempt that was over already. That, as declined_at, mutes its address for a while.';
comment on column login_attempt.session_id is 'The session that it made.';

create table login_ticket (
  hash bytea primary key check (length(hash) = 32),
  attempt_id uuid not null references login_attempt on delete cascade,
  session_id uuid not null references session,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null check (expires_at > created_at),
  warned_at timestamptz
);
create index login_ticket_attempt on login_ticket (attempt_id);
create index login_ticket_session on login_ticket (session_id);

comment on table login_ticket is 'The one-time secret in a QR code; it stands for the PC''s session without revealing it.';
comment on column login_ticket.hash is 'SHA-256 of the ticket''s 16 bytes.';
comment on column login_ticket.attempt_id is 'The attempt that it can redeem.';
comment on column login_ticket.session_id is 'The PC session that it stands for, on whose screen it is shown.';
comment on column login_ticket.created_at is 'When it was drawn.';
comment on column login_ticket.expires_at is 'When it can no longer be redeemed; never after its attempt.';
comment on column login_ticket.warned_at is 'When the PC was told that another phone tried it.';
