import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pc, cookieName, origin, rows, secure, send, sha256, sql } from './client.mjs';
import {
  invalid, members, newAccount, newName, newSlowAccount, ok, online, passForSession, password, problem, redeemed,
  signedIn, signedOut, token, uuid, wholeSeconds,
} from './support.mjs';

const signIn = (json, headers = {}) => send('POST', '/api/session', { json, headers: { origin, ...headers } });

describe('PC and phone sessions', { concurrency: 6 }, () => {
  test('POST /api/session 200: answers with account and session, kind web', async () => {
    const account = await newAccount();
    const { answer } = await Pc.signIn(account);
    members(answer.json, 'account', 'session');
    assert.deepEqual(answer.json.account, { username: account.username, displayName: account.displayName });
    members(answer.json.session, 'id', 'kind', 'expiresIn');
    assert.match(answer.json.session.id, uuid);
    assert.equal(answer.json.session.kind, 'web');
    wholeSeconds(answer.json.session.expiresIn, 1, Infinity);
    assert.match(answer.headers['content-type'], /^application\/json\b/);
    assert.match(answer.headers['cache-control'], /\bno-store\b/);
  });

  test('The cookie: its name and attributes follow PublicOrigin, never the request', async () => {
    const account = await newAccount();
    for (const headers of [
      {},
      { host: 'login.example.org', 'x-forwarded-proto': secure ? 'http' : 'https', 'x-forwarded-host': 'login.example.org' },
    ]) {
      const { answer } = await Pc.signIn(account, headers);
      assert.equal(answer.headers['set-cookie'].length, 1);
      const [pair, ...attributes] = answer.headers['set-cookie'][0].split(/; */);
      const lower = attributes.map((attribute) => attribute.toLowerCase());
      assert.equal(pair.split('=')[0], cookieName);
      for (const needed of ['httponly', 'samesite=strict', 'path=/']) assert.ok(lower.includes(needed), needed);
      assert.equal(lower.includes('secure'), secure);
      assert.ok(!lower.some((attribute) => attribute.startsWith('domain')), 'no Domain');
    }
  });

  test('The cookie of the other name is never read', async () => {
    const { token } = await Pc.signIn(await newAccount());
    const other = secure ? 'qrlogin' : '__Host-qrlogin';
    problem(await send('GET', '/api/session', { headers: { cookie: `${other}=${token}` } }), 401, 'session_required');
  });

  test('Tokens are 32 bytes in base64url, and the server keeps only their SHA-256', async () => {
    const { pc, login, account } = await redeemed();
    for (const secret of [pc.token, login.accessToken]) assert.match(secret, token);
    const dump = JSON.stringify(
      await rows`select s.* from session s join account a on a.id = s.account_id where a.username = ${account.username}`,
    );
    for (const secret of [pc.token, login.accessToken]) {
      assert.ok(!dump.includes(secret) && !dump.includes(Buffer.from(secret, 'base64url').toString('hex')), 'the token is not kept');
      const hashes = [sha256(Buffer.from(secret, 'base64url')), sha256(secret)].map((hash) => hash.toString('hex'));
      assert.ok(hashes.some((hash) => dump.includes(hash)), 'its SHA-256 is');
    }
  });

  for (const [what, json, member] of [
    ['without a user name', { password }, 'username'],
    ['without a password', { username: 'alice' }, 'password'],
    ['with an empty user name', { username: '', password }, 'username'],
    ['with a user name that is a number', { username: 1, password }, 'username'],
    ['with null for a password', { username: 'alice', password: null }, 'password'],
  ])
    test(`POST /api/session 400 invalid_request: ${what}`, async () => invalid(await signIn(json), member));

  test('Passwords are at most 72 bytes in UTF-8: 73 are refused, not cut off', async () => {
    const account = { ...(await newAccount()), password: 'é'.repeat(36) };
    await sql`select admin.set_password(${account.username}, ${account.password})`;
    await Pc.signIn(account);
    const longer = await signIn({ ...account, password: `${account.password}x` });
    assert.ok([400, 401].includes(longer.status), longer.text);
    problem(longer, longer.status, longer.status === 400 ? 'invalid_request' : 'invalid_credentials');
  });

  test('Passwords are NFC: the same word in NFD signs in', async () => {
    const account = await newAccount();
    await sql`select admin.set_password(${account.username}, ${'pässwörd é'.normalize('NFD')})`;
    for (const form of ['NFC', 'NFD']) await Pc.signIn({ ...account, password: 'pässwörd é'.normalize(form) });
  });

  test('Usernames are case-insensitive, of 1 to 64 characters of A-Z a-z 0-9 . _ @ + -', async () => {
    const username = `Aa0._@+-${newName()}`.padEnd(64, 'z');
    await sql`select admin.create_account(${username}, ${password}, 'Long')`;
    const { answer } = await Pc.signIn({ username: username.toUpperCase(), password });
    assert.equal(answer.json.account.username, username);
  });

  for (const username of ['x'.repeat(65), 'a b', 'ä', 'a/b'])
    test(`Usernames: ${username.slice(0, 5)} is none`, async () => {
      const answer = await signIn({ username, password });
      assert.ok([400, 401].includes(answer.status), answer.text);
      problem(answer, answer.status, answer.status === 400 ? 'invalid_request' : 'invalid_credentials');
    });

  test('Signing in always makes a new session and ends the one whose cookie came along', async () => {
    const account = await newAccount();
    const first = await Pc.signIn(account);
    const second = await Pc.signIn(account, { cookie: first.cookie });
    assert.notEqual(second.session.id, first.session.id);
    assert.notEqual(second.token, first.token);
    await signedOut(first);
    await signedIn(second);
  });

  test('Signing in to another account ends the session whose cookie came along, too', async () => {
    const [one, two] = await Promise.all([newAccount(), newAccount()]);
    const first = await Pc.signIn(one);
    await Pc.signIn(two, { cookie: first.cookie });
    await signedOut(first);
  });

  test('A sign-in that fails ends nothing', async () => {
    const account = await newAccount();
    const pc = await Pc.signIn(account);
    problem(await signIn({ username: account.username, password: 'wrong' }, { cookie: pc.cookie }), 401, 'invalid_credentials');
    await signedIn(pc);
  });

  test('GET /api/session 200: who am I, as PC and as phone', async () => {
    const { account, pc, phone, login } = await redeemed();
    for (const [who, id, kind] of [[pc, pc.session.id, 'web'], [phone, login.session.id, 'mobile']]) {
      const answer = await who.get('/api/session');
      const me = ok(answer);
      members(me, 'account', 'session');
      members(me.session, 'id', 'kind', 'expiresIn');
      assert.deepEqual(me.account, { username: account.username, displayName: account.displayName });
      assert.deepEqual([me.session.id, me.session.kind], [id, kind]);
      wholeSeconds(me.session.expiresIn, 1, Infinity);
      assert.match(answer.headers['cache-control'], /\bno-store\b/);
    }
  });

  test('GET /api/session 401 session_required: without a session', async () => {
    problem(await send('GET', '/api/session'), 401, 'session_required');
    problem(await send('GET', '/api/session', { headers: { cookie: `${cookieName}=nonsense` } }), 401, 'session_required');
    problem(await send('GET', '/api/session', { headers: { authorization: 'Bearer nonsense' } }), 401, 'session_required');
  });

  test('expiresIn is the absolute rest where that is smaller', async () => {
    const pc = await Pc.signIn(await newAccount());
    await sql`update session set expires_at = now() + interval '100 s' where id = ${pc.session.id}`;
    wholeSeconds((await signedIn(pc)).session.expiresIn, 90, 100);
  });

  test('A session that has expired is none', async () => {
    const pc = await Pc.signIn(await newAccount());
    await sql`update session set created_at = now() - interval '1 day', last_seen_at = now(), expires_at = now() - interval '1 s'
      where id = ${pc.session.id}`;
    await signedOut(pc);
  });

  test('A session that nobody has used for a year is none', async () => {
    const { pc, phone, login } = await redeemed();
    for (const id of [pc.session.id, login.session.id]) await passForSession(id, '366 days');
    await signedOut(pc);
    await signedOut(phone);
  });

  test('DELETE /api/session 204: signs out the PC, then 401', async () => {
    const pc = await Pc.signIn(await newAccount());
    ok(await pc.delete('/api/session'), 204);
    await signedOut(pc);
    problem(await pc.delete('/api/session'), 401, 'session_required');
    problem(await send('DELETE', '/api/session', { headers: { origin } }), 401, 'session_required');
  });

  test('DELETE /api/session 204: signs out the phone, and not the PC', async () => {
    const { pc, phone } = await redeemed();
    ok(await phone.delete('/api/session'), 204);
    await signedOut(phone);
    await signedIn(pc);
  });

  test("A phone's session lives on when the PC signs out", async () => {
    const { pc, phone, login } = await redeemed();
    ok(await pc.delete('/api/session'), 204);
    await signedIn(phone);
    const { sessions } = ok(await phone.get('/api/sessions'));
    assert.deepEqual(sessions.map(({ id, parentId }) => [id, parentId]), [[login.session.id, pc.session.id]]);
  });

  test('GET /api/sessions 200: the live sessions, newest first, with every member', async () => {
    const { account, pc, phone, login } = await redeemed();
    const later = await Pc.signIn(account);
    ok(await (await Pc.signIn(account)).delete('/api/session'), 204); // not live, not listed
    const answer = await pc.get('/api/sessions');
    const list = ok(answer);
    members(list, 'sessions');
    assert.deepEqual(list.sessions.map(({ id, kind, current, parentId }) => [id, kind, current, parentId]), [
      [later.session.id, 'web', false, null],
      [login.session.id, 'mobile', false, pc.session.id],
      [pc.session.id, 'web', true, null],
    ]);
    for (const session of list.sessions) {
      members(session, 'id', 'kind', 'current', 'parentId', 'device', 'address', 'createdAt', 'lastSeenAt', 'expiresIn');
      members(session.device, 'name', 'platform');
      assert.equal(typeof session.address, 'string');
      for (const time of [session.createdAt, session.lastSeenAt]) {
        assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/); // RFC 3339 in UTC
        assert.ok(Math.abs(Date.now() - Date.parse(time)) < 120_000, time);
      }
      wholeSeconds(session.expiresIn, 1, Infinity);
    }
    assert.deepEqual(list.sessions[1].device, { name: 'Pixel 10', platform: 'Android 17' });
    assert.match(answer.headers['cache-control'], /\bno-store\b/);

    const asPhone = ok(await phone.get('/api/sessions'));
    assert.deepEqual(asPhone.sessions.filter(({ current }) => current).map(({ id }) => id), [login.session.id]);
    problem(await send('GET', '/api/sessions'), 401, 'session_required');
  });

  test('DELETE /api/sessions/{id} 204: ends one of them and no other', async () => {
    const { account, pc, phone } = await redeemed();
    const other = await Pc.signIn(account);
    ok(await other.delete(`/api/sessions/${pc.session.id}`), 204);
    await signedOut(pc);
    await signedIn(phone);
    await signedIn(other);
  });

  test('DELETE /api/sessions/{id} 204: ends a phone, or the own session', async () => {
    const { pc, phone, login } = await redeemed();
    ok(await pc.delete(`/api/sessions/${login.session.id}`), 204);
    await signedOut(phone);
    ok(await pc.delete(`/api/sessions/${pc.session.id}`), 204);
    await signedOut(pc);
  });

  test('DELETE /api/sessions/{id}?admitted=true 204: also every phone session that it admitted, and no other', async () => {
    const { account, pc, phone } = await redeemed();
    const other = await Pc.signIn(account);
    const admittedByOther = await redeemed();
    ok(await other.delete(`/api/sessions/${pc.session.id}?admitted=true`), 204);
    await signedOut(pc);
    await signedOut(phone);
    await signedIn(other);
    await signedIn(admittedByOther.phone);
  });

  test('DELETE /api/sessions/{id}?admitted=true 204: even if it has itself ended', async () => {
    const { account, pc, phone } = await redeemed();
    ok(await pc.delete('/api/session'), 204);
    const other = await Pc.signIn(account);
    ok(await other.delete(`/api/sessions/${pc.session.id}?admitted=true`), 204);
    await signedOut(phone);
  });

  test('DELETE /api/sessions/{id}?admitted=false ends no phone', async () => {
    const { pc, phone } = await redeemed();
    ok(await pc.delete(`/api/sessions/${pc.session.id}?admitted=false`), 204);
    await signedIn(phone);
  });

  test('DELETE /api/sessions/{id} 401 session_required, 403 web_session_required, 404 not_found', async () => {
    const [{ pc, phone }, stranger] = await Promise.all([redeemed(), Pc.signIn(await newAccount())]);
    const path = `/api/sessions/${pc.session.id}`;
    problem(await send('DELETE', path, { headers: { origin } }), 401, 'session_required');
    problem(await phone.delete(path), 403, 'web_session_required');
    for (const suffix of ['', '?admitted=true']) problem(await stranger.delete(path + suffix), 404, 'not_found');
    for (const id of ['00000000-0000-0000-0000-000000000000', 'nonsense'])
      problem(await pc.delete(`/api/sessions/${id}`), 404, 'not_found');
    await signedIn(pc);
    await signedIn(phone);
  });

  test('DELETE /api/sessions/{id} 404 not_found: a session that has ended is none of the live ones', async () => {
    const { account, pc } = await online();
    const other = await Pc.signIn(account);
    ok(await pc.delete('/api/session'), 204);
    problem(await other.delete(`/api/sessions/${pc.session.id}`), 404, 'not_found');
  });

  test('Credentials: with Authorization present the cookie is ignored', async () => {
    const { pc, phone, login } = await redeemed();
    const get = (authorization) => pc.send('GET', '/api/session', { headers: { authorization } });
    assert.equal(ok(await get(`Bearer ${phone.token}`)).session.id, login.session.id);
    for (const useless of ['Bearer nonsense', 'Basic YTpi', 'Bearer', `Bearer ${pc.token}`])
      problem(await get(useless), 401, 'session_required');
  });

  test('Credentials: a token of the other kind is no session (401)', async () => {
    const { pc, phone } = await redeemed();
    problem(await send('GET', '/api/session', { headers: { authorization: `Bearer ${pc.token}` } }), 401, 'session_required');
    problem(await send('GET', '/api/session', { headers: { cookie: `${cookieName}=${phone.token}` } }), 401, 'session_required');
  });

  test("Credentials: a phone's session on a PC-only call is 403 web_session_required", async () => {
    const { pc, phone, attempt } = await redeemed();
    problem(await phone.delete(`/api/sessions/${pc.session.id}`), 403, 'web_session_required');
    problem(await phone.post(`/api/login/${attempt.attemptId}/qr`), 403, 'web_session_required');
    problem(await phone.post(`/api/login/${attempt.attemptId}/decline`), 403, 'web_session_required');
  });

  test('Credentials: a token in a URL is never accepted', async () => {
    const { pc, phone } = await redeemed();
    for (const name of ['access_token', 'token', cookieName])
      for (const { token } of [pc, phone]) problem(await send('GET', `/api/session?${name}=${token}`), 401, 'session_required');
  });
});

describe('POST /api/session: what takes a password check its time', () => {
  test('POST /api/session 401 invalid_credentials: ' +
    'unknown user, wrong password and disabled account answer alike, in like time', async () => {
    const [known, disabled] = await Promise.all([newSlowAccount(), newSlowAccount()]);
    await sql`select admin.disable_account(${disabled.username})`;
    const asks = [
      { username: known.username, password: 'wrong' },
      { username: newName(), password },
      { username: disabled.username, password },
    ];
    const fastest = [Infinity, Infinity, Infinity];
    const texts = new Set();
    const alike = () => Number.isFinite(fastest[0]) && Math.min(...fastest) > Math.max(...fastest) / 3;
    for (let round = 0; round < 8 && !alike(); round++) // of several, since others may be busy just then
      for (const [which, ask] of asks.entries()) {
        const start = performance.now();
        const answer = await signIn(ask);
        fastest[which] = Math.min(fastest[which], performance.now() - start);
        problem(answer, 401, 'invalid_credentials');
        assert.equal(answer.headers['set-cookie'], undefined);
        texts.add(answer.text);
      }
    assert.equal(texts.size, 1, 'the same bytes');
    assert.ok(alike(), `like times: ${fastest.map(Math.round)} ms`);
  });

  test('POST /api/session 429 too_many_requests with Retry-After: more password checks at once than it can do', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => signIn({ username: newName(), password })));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0, 'some of 40 at once are refused');
    for (const answer of answers) problem(answer, answer.status, answer.status === 429 ? 'too_many_requests' : 'invalid_credentials');
  });
});
