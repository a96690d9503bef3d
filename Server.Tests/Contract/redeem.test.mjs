import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { Pc, Phone, base64url, sql, ticketOf } from './client.mjs';
import {
  asked, bind, device, expireTickets, invalid, members, newApp, newPhone, ok, online, pass, problem, redeemed, signedIn,
  signedOut, token, unbind, uuid,
} from './support.mjs';

const unknown = () => base64url(randomBytes(16));
const declined = ({ pc, attempt }) => pc.post(`/api/login/${attempt.attemptId}/decline`);
const supersede = async ({ account, attempt, socket }) => {
  ok(await new Phone(account.app).identify(), 202);
  assert.equal((await socket.next('ended')).attemptId, attempt.attemptId);
};
const signOut = async ({ pc }) => ok(await pc.delete('/api/session'), 204);
const codes = {
  already_redeemed: async (there) => {
    there.login = ok(await there.phone.redeem(there.ticket));
    await sql`update login_attempt set created_at = created_at - interval '61 s', redeemed_at = redeemed_at - interval '61 s'
      where id = ${there.attempt.attemptId}`;
  },
  declined,
  superseded: supersede,
  session_ended: signOut,
  ticket_expired: ({ attempt }) => expireTickets(attempt),
};

describe('POST /api/login/redeem', { concurrency: 6 }, () => {
  test('200: a token, and a session of kind mobile, child of the PC session', async () => {
    const { account, pc, phone, ticket } = await asked();
    const login = ok(await phone.redeem(ticket));
    members(login, 'accessToken', 'tokenType', 'expiresIn', 'session', 'account');
    assert.match(login.accessToken, token);
    assert.deepEqual([login.tokenType, login.expiresIn], ['Bearer', 2_592_000]);
    members(login.session, 'id', 'kind');
    assert.match(login.session.id, uuid);
    assert.equal(login.session.kind, 'mobile');
    assert.deepEqual(login.account, { username: account.username, displayName: account.displayName });
    assert.equal((await signedIn(phone)).session.id, login.session.id);
    const { sessions } = ok(await pc.get('/api/sessions'));
    assert.deepEqual(
      sessions.filter(({ kind }) => kind === 'mobile').map(({ id, parentId, device }) => [id, parentId, device]),
      [[login.session.id, pc.session.id, device]],
    );
  });

  test('200: identifiers in another spelling, and fewer of them than were asked with', async () => {
    const { account, phone, ticket } = await asked({ identifiers: ({ app, phone }) => [app, newPhone(), phone] });
    const { value } = account.phone;
    ok(await phone.redeem(ticket, {
      identifiers: [{ kind: 'phone', value: `${value.slice(0, 4)} (${value.slice(4, 7)}) ${value.slice(7)}` }],
    }));
  });

  test('200: of the identifiers sent, one that is bound is enough', async () => {
    const { phone, ticket } = await asked({ identifiers: ({ phone }) => [newApp(), newPhone(), phone] });
    ok(await phone.redeem(ticket));
  });

  for (const [what, changes, name] of [
    ['no ticket', { ticket: undefined }, 'ticket'],
    ['a ticket that is too short', { ticket: 'A'.repeat(21) }, 'ticket'],
    ['a ticket that is too long', { ticket: 'A'.repeat(23) }, 'ticket'],
    ['a ticket with + and /', { ticket: `+/${'A'.repeat(20)}` }, 'ticket'],
    ['a padded ticket', { ticket: `${'A'.repeat(22)}==` }, 'ticket'],
    ['a ticket that is not canonical', { ticket: `${'A'.repeat(21)}B` }, 'ticket'],
    ['the whole URL for a ticket', { ticket: `http://localhost/q#${'A'.repeat(22)}` }, 'ticket'],
    ['no verifier', { codeVerifier: undefined }, 'codeVerifier'],
    ['an empty verifier', { codeVerifier: '' }, 'codeVerifier'],
    ['a verifier of 42 characters', { codeVerifier: 'A'.repeat(42) }, 'codeVerifier'],
    ['a verifier of 129 characters', { codeVerifier: 'A'.repeat(129) }, 'codeVerifier'],
    ['a verifier with + and /', { codeVerifier: `+/${'A'.repeat(41)}` }, 'codeVerifier'],
    ['a padded verifier', { codeVerifier: `${'A'.repeat(43)}=` }, 'codeVerifier'],
    ['a verifier that is not canonical base64url', { codeVerifier: `${'A'.repeat(42)}B` }, 'codeVerifier'],
    ['no identifiers', { identifiers: undefined }, 'identifiers'],
    ['none in the list', { identifiers: [] }, 'identifiers'],
    ['nine of them', { identifiers: Array.from({ length: 9 }, newPhone) }, 'identifiers'],
    ['an unknown kind', { identifiers: [{ kind: 'email', value: 'a@b.c' }] }, 'identifiers[0].kind'],
    ['a value that is refused', { identifiers: [newPhone(), { kind: 'phone', value: '13800138000' }] }, 'identifiers[1].value'],
  ])
    test(`400 invalid_request: ${what}`, async () => invalid(await new Phone(newPhone()).redeem(unknown(), changes), name));

  test('400 invalid_ticket, the same bytes whatever the reason', async () => {
    const stranger = newPhone();
    const [theirs, unbound, foreign, app] = await Promise.all([
      asked(),
      asked(),
      asked({ identifiers: ({ phone }) => [phone, stranger] }),
      asked({ identifiers: ({ app, phone }) => [app, phone] }),
    ]);
    await unbind(unbound.account.phone);
    const wrong = new Phone();
    const answers = {
      'unknown ticket': await theirs.phone.redeem(unknown()),
      'wrong verifier': await theirs.phone.redeem(theirs.ticket, { codeVerifier: wrong.verifier }),
      'an identifier that is not among those of the attempt': await theirs.phone.redeem(theirs.ticket, {
        identifiers: [theirs.account.phone, newPhone()],
      }),
      'bound, but not among those of the attempt': await theirs.phone.redeem(theirs.ticket, { identifiers: [theirs.account.app] }),
      'no longer bound': await unbound.phone.redeem(unbound.ticket),
      'none of those sent is bound': await foreign.phone.redeem(foreign.ticket, { identifiers: [stranger] }),
      "another attempt's ticket": await theirs.phone.redeem(app.ticket),
    };
    for (const [what, answer] of Object.entries(answers)) {
      assert.equal(answer.status, 400, `${what}: ${answer.text}`);
      problem(answer, 400, 'invalid_ticket');
      assert.equal(answer.text, answers['unknown ticket'].text, what);
    }
    for (const { phone, ticket } of [theirs, foreign, app]) ok(await phone.redeem(ticket)); // none of it has ended anything
  });

  test('400 invalid_ticket: bound to another account now', async () => {
    const [{ account, phone, ticket }, other] = await Promise.all([asked(), online()]);
    await unbind(account.phone);
    await bind(other.account, account.phone);
    problem(await phone.redeem(ticket), 400, 'invalid_ticket');
    await unbind(account.phone);
    await bind(account, account.phone);
    ok(await phone.redeem(ticket));
  });

  test('400 invalid_ticket: an identifier of another account, though sent along, admits nobody', async () => {
    const [one, two] = await Promise.all([online(), online()]);
    const phone = new Phone(one.account.phone, two.account.phone);
    ok(await phone.identify(), 202);
    const ticket = await ticketOf(await one.socket.next('qr'));
    problem(await phone.redeem(ticket, { identifiers: [two.account.phone] }), 400, 'invalid_ticket');
    assert.equal(ok(await phone.redeem(ticket)).account.username, one.account.username);
  });

  test('Exactly one session is made, however often and at once it is asked for', async () => {
    const { pc, phone, ticket, socket } = await asked();
    const answers = await Promise.all(Array.from({ length: 12 }, () => phone.redeem(ticket)));
    assert.equal(new Set(answers.map((answer) => ok(answer).accessToken)).size, 1);
    assert.equal(ok(await pc.get('/api/sessions')).sessions.filter(({ kind }) => kind === 'mobile').length, 1);
    await declined({ pc, attempt: await socket.next('ended') });
    await signedOut(phone);
    assert.equal(socket.count('ended'), 1);
  });

  test('Of two sessions\' tickets for one attempt one is redeemed', async () => {
    const { account, pc, socket } = await online();
    const other = await (await Pc.signIn(account)).connect();
    const phone = new Phone(account.phone);
    ok(await phone.identify(), 202);
    const tickets = await Promise.all([socket, other].map(async (one) => ticketOf(await one.next('qr'))));
    const answers = await Promise.all(tickets.map((ticket) => phone.redeem(ticket)));
    assert.ok(answers.some(({ status }) => status === 200));
    for (const answer of answers) if (answer.status !== 200) problem(answer, 410, 'already_redeemed');
    assert.equal(ok(await pc.get('/api/sessions')).sessions.filter(({ kind }) => kind === 'mobile').length, 1);
  });

  test('Repeated within 60 s: the same answer with the same token', async () => {
    const { phone, ticket, login, attempt } = await redeemed();
    await sql`update login_attempt set created_at = created_at - interval '50 s', redeemed_at = redeemed_at - interval '50 s'
      where id = ${attempt.attemptId}`;
    const { expiresIn, ...again } = ok(await phone.redeem(ticket));
    const { expiresIn: before, ...first } = login;
    assert.deepEqual(again, first);
    assert.ok(expiresIn <= before && expiresIn > before - 60);
    await signedIn(phone);
  });

  for (const [what, change] of [
    ['the ticket has expired', ({ attempt }) => expireTickets(attempt)],
    ['the PC has signed out', signOut],
    ['the identifier is unbound', ({ account }) => unbind(account.phone)],
  ])
    test(`Repeated within 60 s, though ${what}: the same answer, since the session has not been ended`, async () => {
      const there = await redeemed();
      await change(there);
      await signedIn(there.phone);
      assert.equal(ok(await there.phone.redeem(there.ticket)).accessToken, there.login.accessToken);
    });

  test('Repeated within 60 s by another phone: 400 invalid_ticket', async () => {
    const { phone, ticket } = await redeemed();
    problem(await phone.redeem(ticket, { codeVerifier: new Phone().verifier }), 400, 'invalid_ticket');
  });

  test('Repeated within 60 s, when the session has been ended: 410 already_redeemed, by phone, by PC, by decline', async () => {
    const ends = [
      ({ phone }) => phone.delete('/api/session'),
      ({ pc, login }) => pc.delete(`/api/sessions/${login.session.id}`),
      ({ pc, attempt }) => pc.post(`/api/login/${attempt.attemptId}/decline`),
    ];
    await Promise.all(ends.map(async (end) => {
      const there = await redeemed();
      ok(await end(there), 204);
      problem(await there.phone.redeem(there.ticket), 410, 'already_redeemed');
      await signedOut(there.phone);
    }));
  });

  for (const [code, become] of Object.entries(codes))
    test(`410 ${code}; without the right verifier nobody learns it: 400 invalid_ticket`, async () => {
      const there = await asked();
      await become(there);
      const thief = new Phone(there.account.phone);
      const [known, neverMade] = [await thief.redeem(there.ticket), await thief.redeem(unknown())];
      problem(known, 400, 'invalid_ticket');
      assert.equal(known.text, neverMade.text);
      problem(await there.phone.redeem(there.ticket), 410, code);
    });

  test('410 session_ended: disabled account', async () => {
    const { account, phone, ticket } = await asked();
    await sql`select admin.disable_account(${account.username})`;
    problem(await phone.redeem(ticket), 410, 'session_ended');
  });

  test('410 session_ended: the PC session has expired', async () => {
    const { pc, phone, ticket } = await asked();
    await sql`update session set created_at = now() - interval '1 day', expires_at = now() - interval '1 s' where id = ${pc.session.id}`;
    problem(await phone.redeem(ticket), 410, 'session_ended');
  });

  test('410 ticket_expired: a ticket never lives longer than its attempt', async () => {
    const { account, phone, ticket } = await asked();
    await pass(account, '301 s');
    problem(await phone.redeem(ticket), 410, 'ticket_expired');
  });

  for (const [first, ...later] of [
    ['already_redeemed', 'declined', 'superseded', 'ticket_expired', 'session_ended'],
    ['declined', 'superseded', 'ticket_expired', 'session_ended'],
    ['superseded', 'ticket_expired', 'session_ended'],
    ['session_ended', 'ticket_expired'],
  ])
    test(`410, the first that applies: ${first} comes before ${later.join(', ')}`, async () => {
      const there = await asked();
      await codes[first](there);
      for (const code of later) {
        if (code === 'superseded') await new Phone(there.account.app).identify();
        else await codes[code](there);
        problem(await there.phone.redeem(there.ticket), 410, first);
      }
    });

  test('410 does not depend on the identifiers: ticket and verifier are the proof', async () => {
    const there = await asked();
    await codes.declined(there);
    await unbind(there.account.phone);
    problem(await there.phone.redeem(there.ticket), 410, 'declined');
    problem(await there.phone.redeem(there.ticket, { identifiers: [newPhone()] }), 410, 'declined');
  });

  test('A wrong verifier ends nothing; the PC gets a warning, once per ticket', async () => {
    const { account, pc, socket, phone, attempt, ticket } = await asked();
    const thief = new Phone(account.phone);
    for (let n = 0; n < 3; n++) problem(await thief.redeem(ticket), 400, 'invalid_ticket');
    assert.deepEqual(await socket.next('warning'), { type: 'warning', attemptId: attempt.attemptId, reason: 'wrong_phone' });
    ok(await pc.post(`/api/login/${attempt.attemptId}/qr`), 204);
    const fresh = await ticketOf(await socket.next('qr'));
    assert.equal(socket.count('warning'), 1);
    problem(await thief.redeem(fresh), 400, 'invalid_ticket');
    await socket.next('warning');
    ok(await phone.redeem(fresh));
    await socket.next('ended');
    assert.equal(socket.count('warning'), 2);
  });

  test('An unknown ticket, and right ones with wrong identifiers, warn nobody', async () => {
    const { socket, phone, ticket } = await asked();
    await phone.redeem(unknown(), { codeVerifier: new Phone().verifier });
    await phone.redeem(ticket, { identifiers: [newPhone()] });
    ok(await phone.redeem(ticket));
    await socket.next('ended');
    assert.equal(socket.count('warning'), 0);
  });

  test('The code is bound to the phone that asked: who photographs it gains nothing, the phone itself signs in', async () => {
    const { account, phone, ticket } = await asked();
    problem(await new Phone(account.phone, account.app).redeem(ticket), 400, 'invalid_ticket');
    ok(await phone.redeem(ticket));
  });
});
