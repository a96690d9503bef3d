import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pc, Phone, challengeOf, origin, scan, send, ticketOf } from './client.mjs';
import {
  aSecond, asked, bind, device, invalid, members, newAccount, newApp, newPhone, ok, online, pass, problem, redeemed, signedIn,
  unbind, until, wholeSeconds,
} from './support.mjs';

const nobody = (answer) => problem(answer, 404, 'no_live_connection');
const valid = () => ({ identifiers: [newPhone()], codeChallenge: challengeOf('x'), codeChallengeMethod: 'S256' });
const identify = (changes) => send('POST', '/api/login/identify', { json: { ...valid(), ...changes } });

describe('POST /api/login/identify', { concurrency: 6 }, () => {
  test('202: attemptId, checkCode of 10 to 99, expiresIn 300; a QR appears on the PC', async () => {
    const { account, socket } = await online();
    const answer = await new Phone(account.phone).identify({ device });
    const attempt = ok(answer, 202);
    members(attempt, 'attemptId', 'checkCode', 'expiresIn');
    assert.match(attempt.checkCode, /^[1-9]\d$/);
    assert.equal(attempt.expiresIn, 300);
    assert.match(answer.headers['content-type'], /^application\/json\b/);
    assert.equal((await socket.next('qr')).attemptId, attempt.attemptId);
  });

  test('202: device is optional, and shown as the claim that it is', async () => {
    const { account, socket } = await online();
    ok(await new Phone(account.phone).identify(), 202);
    const { device } = await socket.next('qr');
    assert.deepEqual([device.name ?? null, device.platform ?? null], [null, null]);
    assert.ok(device.address);
  });

  test('202: unknown members are ignored', async () => {
    const { account } = await online();
    ok(await new Phone({ ...account.phone, extra: [1] }).identify({ device: { ...device, serial: 'x' }, extra: {} }), 202);
  });

  for (const [what, changes, ...names] of [
    ['no identifiers', { identifiers: undefined }, 'identifiers'],
    ['none in the list', { identifiers: [] }, 'identifiers'],
    ['nine of them', { identifiers: Array.from({ length: 9 }, newPhone) }, 'identifiers'],
    ['an unknown kind', { identifiers: [newPhone(), { kind: 'email', value: 'a@b.c' }] }, 'identifiers[1].kind'],
    ['no kind', { identifiers: [{ value: newPhone().value }] }, 'identifiers[0].kind'],
    ['no value', { identifiers: [{ kind: 'phone' }] }, 'identifiers[0].value'],
    ['a value that is null', { identifiers: [{ kind: 'phone', value: null }] }, 'identifiers[0].value'],
    ['no challenge', { codeChallenge: undefined }, 'codeChallenge'],
    ['a short challenge', { codeChallenge: challengeOf('x').slice(1) }, 'codeChallenge'],
    ['a long challenge', { codeChallenge: `${challengeOf('x')}A` }, 'codeChallenge'],
    ['a padded challenge', { codeChallenge: `${challengeOf('x')}=` }, 'codeChallenge'],
    ['a challenge with + and /', { codeChallenge: `+/${challengeOf('x').slice(2)}` }, 'codeChallenge'],
    ['a challenge that is not canonical', { codeChallenge: `${'A'.repeat(42)}B` }, 'codeChallenge'],
    ['no method', { codeChallengeMethod: undefined }, 'codeChallengeMethod'],
    ['plain is refused', { codeChallengeMethod: 'plain' }, 'codeChallengeMethod'],
    ['s256 is none', { codeChallengeMethod: 's256' }, 'codeChallengeMethod'],
  ])
    test(`400 invalid_request: ${what}`, async () => invalid(await identify(changes), ...names));

  test('400 invalid_request: members of another type', async () => {
    for (const changes of [
      { identifiers: 'x' },
      { identifiers: [1] },
      { identifiers: [null] },
      { identifiers: [{ kind: 'phone', value: 8613800138000 }] },
      { codeChallenge: 1 },
      { device: 'Pixel' },
    ])
      invalid(await identify(changes));
  });

  test('One to eight identifiers: eight are looked at', async () => {
    const { account } = await online();
    ok(await new Phone(...Array.from({ length: 7 }, newPhone), account.phone).identify(), 202);
  });

  test('404 no_live_connection: the same bytes whatever the reason: ' +
    'unknown, not connected, gone, muted, knows only the number', async () => {
    const [offline, gone, declined, guarded] = await Promise.all([
      newAccount(),
      online(),
      asked(),
      asked({ identifiers: ({ app, phone }) => [app, phone] }),
    ]);
    await Pc.signIn(offline);
    gone.socket.close();
    await gone.socket.closed;
    await until(async () => (await new Phone(gone.account.phone).identify()).status === 404);
    ok(await declined.pc.post(`/api/login/${declined.attempt.attemptId}/decline`), 204);
    const answers = [];
    for (const identifier of [
      newPhone(),
      newApp(),
      offline.phone,
      gone.account.phone,
      declined.account.phone,
      guarded.account.phone,
    ])
      answers.push(await new Phone(identifier).identify());
    for (const answer of answers) nobody(answer);
    assert.deepEqual([...new Set(answers.map(({ text }) => text))], [answers[0].text]);
    const headers = answers.map(({ headers: { date, ...rest } }) => JSON.stringify(rest));
    assert.deepEqual([...new Set(headers)], [headers[0]]);
  });

  test('A PC that is signed in but has no page open is not found', async () => {
    const account = await newAccount();
    await Pc.signIn(account);
    nobody(await new Phone(account.phone, account.app).identify());
  });

  test('The first identifier, in the order sent, that finds a live connection decides the account; the others are ignored', async () => {
    const [offline, one, two] = await Promise.all([newAccount(), online(), online()]);
    const phone = new Phone(newPhone(), offline.phone, two.account.phone, one.account.phone);
    ok(await phone.identify(), 202);
    const ticket = await ticketOf(await two.socket.next('qr'));
    assert.equal(ok(await phone.redeem(ticket)).account.username, two.account.username);
    ok(await new Phone(one.account.phone).identify(), 202);
    await one.socket.next('qr');
    assert.equal(one.socket.count('qr'), 1, 'only its own');
  });

  test('Each PC session with a live connection gets a ticket of its own, on all its connections', async () => {
    const { account, pc, socket } = await online();
    const [again, other, away] = await Promise.all([pc.connect(), Pc.signIn(account), Pc.signIn(account)]);
    const third = await other.connect();
    const phone = new Phone(account.phone);
    ok(await phone.identify(), 202);
    const [a, b, c] = await Promise.all([socket, again, third].map(async (connection) => scan((await connection.next('qr')).image)));
    assert.equal(a, b);
    assert.notEqual(a, c);
    const login = ok(await phone.redeem(c.slice(`${origin}/q#`.length)));
    const { sessions } = ok(await away.get('/api/sessions'));
    assert.equal(sessions.find(({ id }) => id === login.session.id).parentId, other.session.id, 'the ticket stands for its session');
  });

  test('At most one open attempt: a new one ends the earlier (superseded), and its check code is another', async () => {
    const { socket, phone, attempt, ticket, account } = await asked();
    const first = phone.verifier;
    const second = ok(await phone.renew().identify(), 202);
    assert.notEqual(second.attemptId, attempt.attemptId);
    assert.notEqual(second.checkCode, attempt.checkCode);
    assert.deepEqual(await socket.next('ended'), { type: 'ended', attemptId: attempt.attemptId, outcome: 'superseded' });
    problem(await phone.redeem(ticket, { codeVerifier: first }), 410, 'superseded');
    const qr = await socket.next('qr');
    assert.equal(qr.attemptId, second.attemptId);
    assert.equal(ok(await phone.redeem(await ticketOf(qr))).account.username, account.username);
  });

  test('checkCode is never that of the attempt it supersedes', async () => {
    const { account, phone, attempt } = await asked();
    for (let round = 0, last = attempt.checkCode; round < 12; round++) {
      await pass(account, '70 s');
      const { checkCode } = ok(await phone.renew().identify(), 202);
      assert.match(checkCode, /^[1-9]\d$/);
      assert.notEqual(checkCode, last);
      last = checkCode;
    }
  });

  test('While the open attempt came with a bound app identifier, one without it gets the 404 and ends nothing', async () => {
    const { account, socket, phone, ticket } = await asked({ identifiers: ({ app, phone }) => [app, phone] });
    nobody(await new Phone(account.phone).identify());
    nobody(await new Phone(newApp(), account.phone).identify());
    ok(await phone.redeem(ticket));
    assert.equal((await socket.next('ended')).outcome, 'redeemed');
    assert.equal(socket.count('qr'), 1);
  });

  test('… one with it supersedes, wherever in the list it is', async () => {
    const { account, socket, attempt } = await asked({ identifiers: ({ app }) => [app] });
    ok(await new Phone(account.phone, account.app).identify(), 202);
    assert.deepEqual(await socket.next('ended'), { type: 'ended', attemptId: attempt.attemptId, outcome: 'superseded' });
  });

  test('… and so does one with it supersede an attempt that has only the number', async () => {
    const { account, socket } = await asked();
    ok(await new Phone(account.app).identify(), 202);
    assert.equal((await socket.next('ended')).outcome, 'superseded');
  });

  test('An app identifier that is not bound protects nothing', async () => {
    const { account, socket } = await asked({ identifiers: ({ phone }) => [newApp(), phone] });
    ok(await new Phone(account.phone).identify(), 202);
    assert.equal((await socket.next('ended')).outcome, 'superseded');
  });

  test('An attempt that is no longer open protects nothing: redeemed, or expired', async () => {
    const [one, two] = await Promise.all([redeemed({ identifiers: ({ app }) => [app] }), asked({ identifiers: ({ app }) => [app] })]);
    await pass(two.account, '301 s');
    for (const { account } of [one, two]) ok(await new Phone(account.phone).identify(), 202);
  });

  test('Repeated with the challenge of the open attempt, identify returns that attempt', async () => {
    const { phone, socket, attempt, ticket } = await asked();
    const again = ok(await phone.identify({ device }), 202);
    assert.deepEqual([again.attemptId, again.checkCode], [attempt.attemptId, attempt.checkCode]);
    wholeSeconds(again.expiresIn, 250, 300);
    ok(await phone.redeem(ticket));
    assert.equal((await socket.next('ended')).outcome, 'redeemed');
    assert.equal(socket.count('ended'), 1, 'nothing was superseded');
  });

  test('Twice at the same time with the same challenge is one attempt', async () => {
    const { account } = await online();
    const phone = new Phone(account.phone);
    const answers = (await Promise.all([phone.identify(), phone.identify(), phone.identify()])).map((answer) => ok(answer, 202));
    assert.equal(new Set(answers.map(({ attemptId }) => attemptId)).size, 1);
  });

  test('Different challenges at the same time leave one open attempt', async () => {
    const { account, pc } = await online();
    await Promise.all([1, 2, 3].map(async () => ok(await new Phone(account.phone).identify(), 202)));
    assert.equal((await (await pc.connect()).next('welcome')).openAttempts.length, 1);
  });

  test('429 too_many_requests with Retry-After: more than 3 attempts in a minute for an account, and for that account alone', async () => {
    const [{ account }, other] = await Promise.all([online(), online()]);
    for (let n = 0; n < 3; n++) ok(await new Phone(account.phone).identify(), 202);
    problem(await new Phone(account.phone).identify(), 429, 'too_many_requests');
    ok(await new Phone(other.account.phone).identify(), 202);
    await pass(account, '61 s');
    ok(await new Phone(account.phone).identify(), 202);
  });

  test('404, the caller is muted: who was declined does not reach the PC again at once', async () => {
    const { account, pc, socket, attempt, phone } = await asked();
    ok(await pc.post(`/api/login/${attempt.attemptId}/decline`), 204);
    nobody(await phone.renew().identify());
    await pass(account, '1 day');
    ok(await phone.renew().identify(), 202);
    assert.equal((await socket.next('qr', { where: ({ attemptId }) => attemptId !== attempt.attemptId })).type, 'qr');
    assert.equal(socket.count('qr'), 2, 'the muted one showed nothing');
  });

  test('Unbinding ends what identifiers find, at once, and no session and no socket', async () => {
    const { account, pc, socket, phone } = await redeemed();
    await unbind(account.phone);
    await socket.next('identifiers', { within: aSecond });
    nobody(await new Phone(account.phone).identify());
    await signedIn(pc);
    await signedIn(phone);
    assert.equal(socket.socket.readyState, 1);
    await bind(account, account.phone);
    await socket.next('identifiers', { within: aSecond });
    ok(await new Phone(account.phone).identify(), 202);
  });
});
