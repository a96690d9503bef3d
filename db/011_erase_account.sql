-- delete from account is how an account is erased; whatever refers to its sessions goes with them.

alter table login_ticket drop constraint login_ticket_session_id_fkey,
  add constraint login_ticket_session_id_fkey foreign key (session_id) references session on delete cascade;
alter table login_attempt drop constraint login_attempt_session_id_fkey,
  add constraint login_attempt_session_id_fkey foreign key (session_id) references session on delete cascade;
