-- Who needs more time gets it: the PC's user may give the open attempt another five minutes, ten times (WCAG 2.2, 2.2.1).

alter table login_attempt add column extensions smallint not null default 0 check (extensions between 0 and 10);

comment on column login_attempt.extensions is 'How often the PC''s user has given it more time; each time with eight more codes for each session.';
