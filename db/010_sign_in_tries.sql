-- Guessing passwords is limited by user name and address, whether or not there is such an account, on all nodes together. Each try is
-- noted before the password is looked at, and taken back when it was right. A crash may forget a minute of them.

create unlogged table sign_in_try (
  id uuid primary key,
  username text collate "C" not null,
  network inet not null,
  at timestamptz not null default statement_timestamp()
);
create index sign_in_try_recent on sign_in_try (username, at);

comment on table sign_in_try is 'Sign-ins of the last minutes that failed, or whose password is being checked.';
comment on column sign_in_try.id is 'One try.';
comment on column sign_in_try.username is 'What was typed, in lower case.';
comment on column sign_in_try.network is 'From where: an IPv4 address or an IPv6 /64.';
comment on column sign_in_try.at is 'When.';

grant select, insert, delete on sign_in_try to qrlogin_server;
