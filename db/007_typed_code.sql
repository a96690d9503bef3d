-- Who cannot scan types: beside each QR code stands a code of eight characters, the same for the whole attempt and session, which lives
-- as long as the attempt. It is derived from the session's token, so that it need not be stored to be shown again.

alter table login_ticket add column typed_hash bytea check (length(typed_hash) = 32);
alter table login_attempt add column wrong_codes smallint not null default 0 check (wrong_codes between 0 and 5);

comment on column login_ticket.typed_hash is 'PBKDF2 of the code that is shown beside this ticket to be typed, salted with attempt_id; it serves until the attempt expires. Null on tickets from before there was one.';
comment on column login_attempt.wrong_codes is 'How often its own phone, with the right verifier, has typed a wrong code: at five no typed code of this attempt serves any more.';
