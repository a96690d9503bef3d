import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pc, Phone, origin, scan, send, ticketOf } from './client.mjs';
import {
  asked, expireTickets, newAccount, ok, online, pass, problem, redeemed, signedIn, signedOut, until, wholeSeconds,
} from './support.mjs';

const qr = (pc, { attemptId }) => pc.post(`/api/login/${attemptId}/qr`);
const decline = (pc, { attemptId }) => pc.post(`/api/login/${attemptId}/decline`);
const supersede = async ({ account }) => ok(await new Phone(account.app).identify(), 202);
const nowhere = ['00000000-0000-0000-0000-000000000000', 'nonsense'].map((attemptId) => ({ attemptId }));

describe('The QR code', { concurrency: 6 }, () => {
  test('holds {PublicOrigin}/q#{ticket}: 16 bytes, base64url, canonical, in the fragment', async () => {
    const { qr } = await asked();
    const text = await scan(qr.image);
    assert.ok(text.startsWith(`${origin}/q#`), text);
    assert.match(text.slice(`${origin}/q#`.length), /^[A-Za-z0-9_-]{21}[AQgw]$/);
  });

  test('is random: no two tickets are the same', async () => {
    const { pc, socket, attempt, ticket } = await asked();
    ok(await qr(pc, attempt), 204);
    assert.notEqual(await ticketOf(await socket.next('qr')), ticket);
  });

  test('reveals nothing of the session that it stands for', async () => {
    const { pc, qr, attempt } = await asked();
    const text = JSON.stringify(qr) + (await scan(qr.image));
    for (const secret of [pc.token, pc.session.id]) assert.ok(!text.includes(secret));
    assert.ok(!(await scan(qr.image)).includes(attempt.attemptId));
  });
});

describe('POST /api/login/{attemptId}/qr', { concurrency: 6 }, () => {
  test('204: a fresh QR on all connections of this session, and on no other; earlier ones stay good', async () => {
    const { account, pc, socket, phone, attempt, qr: first, ticket } = await asked();
    const [second, other] = [await pc.connect(), await (await Pc.signIn(account)).connect()];
    ok(await qr(pc, attempt), 204);
    const [a, b] = [await socket.next('qr'), await second.next('qr')];
    assert.equal(a.image, b.image);
    assert.notEqual(a.image, first.image);
    assert.deepEqual([a.attemptId, a.checkCode, a.device], [first.attemptId, first.checkCode, first.device]);
    wholeSeconds(a.expiresIn, 59, 60);
    ok(await phone.redeem(ticket));
    await other.next('ended');
    assert.equal(other.count('qr'), 0);
  });

  test('204: the fresh one is as good', async () => {
    const { pc, socket, phone, attempt } = await asked();
    await expireTickets(attempt);
    ok(await qr(pc, attempt), 204);
    ok(await phone.redeem(await ticketOf(await socket.next('qr'))));
  });

  test('204: another PC session of the account asks for one of its own', async () => {
    const { account, attempt, phone } = await asked();
    const other = await Pc.signIn(account);
    const socket = await other.connect();
    ok(await qr(other, attempt), 204);
    const login = ok(await phone.redeem(await ticketOf(await socket.next('qr'))));
    const { sessions } = ok(await other.get('/api/sessions'));
    assert.equal(sessions.find(({ id }) => id === login.session.id).parentId, other.session.id);
  });

  test('A ticket lives 60 s and never longer than its attempt', async () => {
    const { account, pc, socket, attempt } = await asked();
    await pass(account, '270 s');
    ok(await qr(pc, attempt), 204);
    const { expiresIn, attemptExpiresIn } = await socket.next('qr');
    wholeSeconds(attemptExpiresIn, 20, 30);
    wholeSeconds(expiresIn, 20, attemptExpiresIn);
  });

  test('429 too_many_requests with Retry-After: 8 per attempt and session', async () => {
    const { account, pc, attempt } = await asked();
    const other = await Pc.signIn(account);
    const theirs = await other.connect();
    for (let n = 2; n <= 8; n++) ok(await qr(pc, attempt), 204);
    problem(await qr(pc, attempt), 429, 'too_many_requests');
    ok(await qr(other, attempt), 204);
    await theirs.next('qr');
  });

  test('401 session_required, 403 web_session_required, 404 not_found', async () => {
    const [{ pc, phone, attempt }, stranger] = await Promise.all([redeemed(), online()]);
    problem(await send('POST', `/api/login/${attempt.attemptId}/qr`, { headers: { origin } }), 401, 'session_required');
    problem(await qr(phone, attempt), 403, 'web_session_required');
    for (const unknown of nowhere) problem(await qr(pc, unknown), 404, 'not_found');
    problem(await qr(stranger.pc, attempt), 404, 'not_found');
  });

  test('404 no_live_connection: this session has none', async () => {
    const { account, attempt } = await asked();
    problem(await qr(await Pc.signIn(account), attempt), 404, 'no_live_connection');
  });

  test('404 no_live_connection: this session has none any more', async () => {
    const { pc, socket, attempt } = await asked();
    socket.close();
    await socket.closed;
    await until(async () => (await qr(pc, attempt)).status === 404);
    problem(await qr(pc, attempt), 404, 'no_live_connection');
  });

  for (const [code, become] of [
    ['already_redeemed', async ({ phone, ticket }) => ok(await phone.redeem(ticket))],
    ['declined', ({ pc, attempt }) => decline(pc, attempt)],
    ['superseded', supersede],
  ])
    test(`410 ${code}, and it comes before attempt_expired`, async () => {
      const there = await asked();
      await become(there);
      problem(await qr(there.pc, there.attempt), 410, code);
      await pass(there.account, '301 s');
      problem(await qr(there.pc, there.attempt), 410, code);
    });

  test('410 attempt_expired', async () => {
    const { account, pc, attempt } = await asked();
    await pass(account, '301 s');
    problem(await qr(pc, attempt), 410, 'attempt_expired');
  });
});

describe('POST /api/login/{attemptId}/decline', { concurrency: 6 }, () => {
  test('204: ends the attempt', async () => {
    const { pc, socket, phone, attempt, ticket } = await asked();
    ok(await decline(pc, attempt), 204);
    assert.deepEqual(await socket.next('ended'), { type: 'ended', attemptId: attempt.attemptId, outcome: 'declined' });
    problem(await phone.redeem(ticket), 410, 'declined');
  });

  test('204: ends the session that it made', async () => {
    const { pc, socket, phone, attempt } = await redeemed();
    ok(await decline(pc, attempt), 204);
    await signedOut(phone);
    await signedIn(pc);
    await socket.next('sessions');
  });

  test('204 in every state: declined, redeemed and declined, superseded, expired', async () => {
    const [declined, undone, superseded, expired] = await Promise.all([asked(), redeemed(), asked(), asked()]);
    for (let n = 0; n < 3; n++) for (const { pc, attempt } of [declined, undone]) ok(await decline(pc, attempt), 204);
    await supersede(superseded);
    await pass(expired.account, '301 s');
    for (const { pc, attempt } of [superseded, expired]) ok(await decline(pc, attempt), 204);
  });

  test('204: declining a superseded attempt leaves the one that superseded it', async () => {
    const there = await asked();
    const phone = new Phone(there.account.app);
    const second = ok(await phone.identify(), 202);
    ok(await decline(there.pc, there.attempt), 204);
    const shown = await there.socket.next('qr', { where: ({ attemptId }) => attemptId === second.attemptId });
    ok(await phone.redeem(await ticketOf(shown)));
  });

  test('204: any PC session of the account may, with or without a connection', async () => {
    const { account, attempt, phone, ticket } = await asked();
    ok(await decline(await Pc.signIn(account), attempt), 204);
    problem(await phone.redeem(ticket), 410, 'declined');
  });

  test('401 session_required, 403 web_session_required, 404 not_found', async () => {
    const [{ pc, phone, attempt }, stranger] = await Promise.all([redeemed(), Pc.signIn(await newAccount())]);
    problem(await send('POST', `/api/login/${attempt.attemptId}/decline`, { headers: { origin } }), 401, 'session_required');
    problem(await decline(phone, attempt), 403, 'web_session_required');
    for (const unknown of nowhere) problem(await decline(pc, unknown), 404, 'not_found');
    problem(await decline(stranger, attempt), 404, 'not_found');
    await signedIn(phone);
  });
});
