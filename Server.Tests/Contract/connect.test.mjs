import assert from 'node:assert/strict';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import { Pc, Phone, origin, patience, send, sql, url } from './client.mjs';
import {
  aSecond, asked, bind, device, handshake, members, newAccount, newPhone, ok, online, pass, problem, redeemed, signedOut, until,
  wholeSeconds,
} from './support.mjs';

const protocol = { 'sec-websocket-protocol': 'qrlogin.v1' };

describe('/connect', { concurrency: true }, () => {
  test('The server pings every 20 s', async () => {
    const { socket } = await online();
    await new Promise((resolve, reject) => {
      socket.socket.once('ping', resolve);
      setTimeout(reject, 25_000, new Error('no ping within 25 s')).unref();
    });
  });

  test('The server drops a peer that has not answered its ping for 20 s', {
    skip: !process.env.QRLOGIN_SLOW && 'takes 40 s: QRLOGIN_SLOW=1',
  }, async () => {
    const { pc } = await online();
    const silent = await pc.connect({ autoPong: false });
    const start = performance.now();
    assert.equal(await silent.code(50_000), 1006);
    assert.ok(performance.now() - start > 19_000, 'not before it was asked');
  });

  describe('GET /connect', { concurrency: 4 }, () => {
    test('checked in this order: 426, 403, 401, 400, and then 101', async () => {
      const { cookie } = await Pc.signIn(await newAccount());
      problem(await send('GET', '/connect'), 426, 'upgrade_required');
      problem(await send('GET', '/connect', { headers: { cookie, origin, ...protocol } }), 426, 'upgrade_required');
      problem(await handshake({}), 403, 'origin_not_allowed');
      problem(await handshake({ cookie, ...protocol }), 403, 'origin_not_allowed');
      problem(
        await handshake({ cookie, ...protocol, origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }),
        403,
        'origin_not_allowed',
      );
      problem(await handshake({ origin }), 401, 'session_required');
      problem(await handshake({ origin, ...protocol }), 401, 'session_required');
      problem(await handshake({ origin, cookie }), 400, 'unsupported_protocol');
      problem(await handshake({ origin, cookie, 'sec-websocket-protocol': 'qrlogin.v2, chat' }), 400, 'unsupported_protocol');
      const answer = await handshake({ origin, cookie, 'sec-websocket-protocol': 'chat, qrlogin.v1' });
      assert.equal(answer.status, 101);
      assert.equal(answer.headers['sec-websocket-protocol'], 'qrlogin.v1');
    });

    test('426 upgrade_required says to what: Upgrade: websocket', async () => {
      assert.match((await send('GET', '/connect')).headers.upgrade ?? '', /\bwebsocket\b/i);
    });

    test('403 origin_not_allowed: compared whole', async () => {
      const { cookie } = await Pc.signIn(await newAccount());
      for (const from of ['null', `${origin}.evil.example`, `${origin}/`, origin.replace(/^http/, 'ws')])
        problem(await handshake({ cookie, ...protocol, origin: from }), 403, 'origin_not_allowed');
    });

    test('401: a session that has ended; a token in the URL', async () => {
      const pc = await Pc.signIn(await newAccount());
      problem(await handshake({ origin, ...protocol }, `/connect?access_token=${pc.token}`), 401, 'session_required');
      ok(await pc.delete('/api/session'), 204);
      problem(await handshake({ origin, ...protocol, cookie: pc.cookie }), 401, 'session_required');
    });

    test("403 web_session_required: a phone's session, as on every PC-only call", async () => {
      const { phone } = await redeemed();
      problem(await handshake({ origin, ...protocol, authorization: `Bearer ${phone.token}` }), 403, 'web_session_required');
    });

    test('CONNECT over HTTP/2 opens it, too', async (t) => {
      const session = http2.connect(url);
      t.after(() => session.destroy());
      const offered = await new Promise((resolve) =>
        session.on('error', () => resolve(false)).on('remoteSettings', (s) => resolve(s.enableConnectProtocol)));
      if (!offered) return t.skip(`${url.origin} does not speak HTTP/2 in the clear`);
      const { cookie } = await Pc.signIn(await newAccount());
      const stream = session.request({
        ':method': 'CONNECT',
        ':protocol': 'websocket',
        ':path': '/connect',
        cookie,
        origin,
        'sec-websocket-version': '13',
        ...protocol,
      });
      const headers = await new Promise((resolve, reject) => stream.on('response', resolve).on('error', reject));
      assert.deepEqual([headers[':status'], headers['sec-websocket-protocol']], [200, 'qrlogin.v1']);
    });
  });

  describe('Messages', { concurrency: 4 }, () => {
    test('welcome comes first, with every member', async () => {
      const { account, pc, socket, welcome } = await online();
      assert.equal(socket.log[0], welcome);
      members(welcome, 'type', 'connectionId', 'account', 'identifiers', 'openAttempts', 'recent');
      assert.ok(typeof welcome.connectionId === 'string' && welcome.connectionId);
      assert.deepEqual(welcome.account, { username: account.username, displayName: account.displayName });
      assert.deepEqual(welcome.identifiers.map(({ kind }) => kind).sort(), ['app', 'phone']);
      for (const identifier of welcome.identifiers) members(identifier, 'kind', 'masked');
      assert.deepEqual([welcome.openAttempts, welcome.recent], [[], []]);
      assert.notEqual((await (await pc.connect()).next('welcome')).connectionId, welcome.connectionId);
    });

    test('welcome: openAttempts has what was asked before the page was loaded, until it is over', async () => {
      const { pc, attempt } = await asked();
      const { openAttempts } = await (await pc.connect()).next('welcome');
      assert.equal(openAttempts.length, 1);
      const [open] = openAttempts;
      members(open, 'attemptId', 'expiresIn', 'checkCode', 'device');
      assert.deepEqual([open.attemptId, open.checkCode], [attempt.attemptId, attempt.checkCode]);
      assert.deepEqual([open.device.name, open.device.platform], [device.name, device.platform]);
      wholeSeconds(open.expiresIn, 250, 300);
      ok(await pc.post(`/api/login/${attempt.attemptId}/decline`), 204);
      assert.deepEqual((await (await pc.connect()).next('welcome')).openAttempts, []);
    });

    test('welcome: openAttempts has no attempt that has expired', async () => {
      const { account, pc } = await asked();
      await pass(account, '301 s');
      assert.deepEqual((await (await pc.connect()).next('welcome')).openAttempts, []);
    });

    test('welcome: recent has the attempts redeemed in the last 10 minutes', async () => {
      const { account, pc, attempt, login } = await redeemed();
      const welcome = await (await pc.connect()).next('welcome');
      assert.deepEqual(welcome.openAttempts, []);
      assert.equal(welcome.recent.length, 1);
      const [recent] = welcome.recent;
      members(recent, 'attemptId', 'session', 'device', 'redeemedAt');
      assert.equal(recent.attemptId, attempt.attemptId);
      assert.equal(recent.session.id ?? recent.session, login.session.id);
      assert.deepEqual([recent.device.name, recent.device.platform], [device.name, device.platform]);
      assert.match(recent.redeemedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/);
      await pass(account, '9 min');
      assert.equal((await (await pc.connect()).next('welcome')).recent.length, 1);
      await pass(account, '61 s');
      assert.deepEqual((await (await pc.connect()).next('welcome')).recent, []);
    });

    test('qr: every member', async () => {
      const { qr, attempt } = await asked();
      members(qr, 'type', 'attemptId', 'image', 'typedCode', 'expiresIn', 'attemptExpiresIn', 'checkCode', 'device');
      assert.deepEqual([qr.attemptId, qr.checkCode], [attempt.attemptId, attempt.checkCode]);
      assert.match(qr.image, /^data:image\/png;base64,iVBORw0KGgo/);
      wholeSeconds(qr.expiresIn, 59, 60);
      wholeSeconds(qr.attemptExpiresIn, 299, 300);
      members(qr.device, 'name', 'platform', 'address');
      assert.deepEqual([qr.device.name, qr.device.platform], [device.name, device.platform]);
      assert.ok(typeof qr.device.address === 'string' && qr.device.address);
    });

    test('ended redeemed: with session id and device, on every connection of the account', async () => {
      const { account, socket, phone, ticket, attempt } = await asked();
      const other = await (await Pc.signIn(account)).connect();
      const login = ok(await phone.redeem(ticket));
      for (const connection of [socket, other]) {
        const ended = await connection.next('ended');
        members(ended, 'type', 'attemptId', 'outcome', 'session');
        assert.deepEqual([ended.attemptId, ended.outcome, ended.session.id], [attempt.attemptId, 'redeemed', login.session.id]);
        members(ended.session, 'id', 'device');
        assert.deepEqual([ended.session.device.name, ended.session.device.platform], [device.name, device.platform]);
      }
    });

    test('ended declined and ended superseded: on every connection of the account', async () => {
      const { account, pc, socket, phone, attempt } = await asked();
      const other = await (await Pc.signIn(account)).connect();
      const second = ok(await phone.renew().identify(), 202);
      for (const connection of [socket, other])
        assert.deepEqual(await connection.next('ended'), { type: 'ended', attemptId: attempt.attemptId, outcome: 'superseded' });
      ok(await pc.post(`/api/login/${second.attemptId}/decline`), 204);
      for (const connection of [socket, other])
        assert.deepEqual(await connection.next('ended'), { type: 'ended', attemptId: second.attemptId, outcome: 'declined' });
    });

    test('identifiers: when the bindings changed, within a second', async () => {
      const { account, socket } = await online();
      const another = newPhone();
      await bind(account, another);
      const bound = await socket.next('identifiers', { within: aSecond });
      members(bound, 'type', 'identifiers');
      assert.equal(bound.identifiers.length, 3);
      for (const identifier of bound.identifiers) members(identifier, 'kind', 'masked');
      await sql`select admin.unbind('phone', ${another.value})`;
      assert.equal((await socket.next('identifiers', { within: aSecond })).identifiers.length, 2);
    });

    test('sessions, without members: when one was made or ended', async () => {
      const { account, socket, pc, phone, ticket } = await asked();
      const changed = async () => assert.deepEqual(await socket.next('sessions', { within: 2 * aSecond }), { type: 'sessions' });
      const other = await Pc.signIn(account);
      await changed();
      ok(await other.delete('/api/session'), 204);
      await changed();
      const { session } = ok(await phone.redeem(ticket));
      await changed();
      ok(await pc.delete(`/api/sessions/${session.id}`), 204);
      await changed();
    });
  });

  describe('Close codes', { concurrency: 4 }, () => {
    test('1008: the page sent data, of whatever kind', async () => {
      const { pc } = await online();
      for (const data of ['hello', '', '{"type":"welcome"}', Buffer.from([1])]) {
        const socket = await pc.connect();
        socket.socket.send(data);
        assert.equal(await socket.code(), 1008, data);
      }
    });

    test('1000: closed by the page; it is no longer found', async () => {
      const { account, socket } = await online();
      socket.close(1000);
      assert.equal(await socket.code(), 1000);
      await until(async () => (await new Phone(account.phone).identify()).status === 404);
    });

    test('a connection that is lost is no longer found', async () => {
      const { account, socket } = await online();
      socket.socket.terminate();
      assert.equal(await socket.code(), 1006);
      await until(async () => (await new Phone(account.phone).identify()).status === 404);
    });

    // 4401 for what an administrator does is in admin.test.mjs.
    test('4401: signed out; the other sessions stay', async () => {
      const { account, pc, socket } = await online();
      const second = await pc.connect();
      const other = await (await Pc.signIn(account)).connect();
      ok(await pc.delete('/api/session'), 204);
      for (const connection of [socket, second]) assert.equal(await connection.code(2 * aSecond), 4401);
      await other.next('sessions');
      assert.equal(other.socket.readyState, 1);
    });

    test('4401: ended by another PC', async () => {
      const { account, pc, socket } = await online();
      ok(await (await Pc.signIn(account)).delete(`/api/sessions/${pc.session.id}`), 204);
      assert.equal(await socket.code(2 * aSecond), 4401);
    });

    test('4401: replaced by signing in again', async () => {
      const { account, pc, socket } = await online();
      await Pc.signIn(account, { cookie: pc.cookie });
      assert.equal(await socket.code(2 * aSecond), 4401);
    });

    test('4401: expired', async () => {
      const pc = await Pc.signIn(await newAccount());
      await sql`update session set expires_at = now() + interval '3 s' where id = ${pc.session.id}`;
      const socket = await pc.connect();
      assert.equal(await socket.code(10_000 + patience), 4401);
      await signedOut(pc);
    });

    test('4409: more than 8 connections of the session: the oldest goes', async () => {
      const { pc, socket } = await online();
      const more = [];
      for (let n = 0; n < 7; n++) more.push(await pc.connect());
      await Promise.all(more.map((connection) => connection.next('welcome')));
      assert.equal(socket.socket.readyState, 1);
      const ninth = await pc.connect();
      assert.equal(await socket.code(), 4409);
      await ninth.next('welcome');
      for (const connection of [...more, ninth]) assert.equal(connection.socket.readyState, 1);
      ok(await pc.get('/api/session')); // it is the connection that goes, not the session
    });

    test('4409: more than 16 connections of the account: the oldest goes', async () => {
      const { account, pc, socket } = await online();
      const [second, third] = [await Pc.signIn(account), await Pc.signIn(account)];
      const more = [];
      for (const who of [...Array(7).fill(pc), ...Array(8).fill(second)]) more.push(await who.connect());
      await Promise.all(more.map((connection) => connection.next('welcome')));
      assert.equal(socket.socket.readyState, 1);
      await (await third.connect()).next('welcome');
      assert.equal(await socket.code(), 4409);
      for (const connection of more) assert.equal(connection.socket.readyState, 1);
    });
  });
});
