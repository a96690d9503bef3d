import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pc, Phone, origin, send } from './client.mjs';
import { asked, invalid, newAccount, newPhone, ok, password, problem, redeemed, signedIn, signedOut } from './support.mjs';

const foreign = [
  ['another host', 'https://evil.example'],
  ['null', 'null'],
  ['a longer host', `${origin}.evil.example`],
  ['another port', `${origin.replace(/:\d+$/, '')}:1`],
  ['another scheme', origin.replace(/^https?/, (scheme) => (scheme === 'http' ? 'https' : 'http'))],
  ['a path behind it', `${origin}/`],
  ['the start of it', origin.slice(0, -1)],
  ['two of them', `${origin}, https://evil.example`],
];
const padded = (size) => {
  const json = {
    identifiers: [newPhone()],
    codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    codeChallengeMethod: 'S256',
    padding: '',
  };
  return JSON.stringify({ ...json, padding: 'x'.repeat(size - JSON.stringify(json).length) });
};
const post = (path, body, headers = { 'content-type': 'application/json' }) => send('POST', path, { body, headers });
const calls = ['/api/session', '/api/login/identify', '/api/login/redeem'];

describe('Origin', { concurrency: 6 }, () => {
  for (const [what, from] of foreign)
    test(`403 origin_not_allowed: a present Origin decides, compared whole: ${what}`, async () => {
      const headers = { origin: from, 'sec-fetch-site': 'same-origin' };
      problem(await send('POST', '/api/session', { json: { username: 'alice', password }, headers }), 403, 'origin_not_allowed');
    });

  test('Sec-Fetch-Site: same-origin counts where there is no Origin; another value, or neither: 403', async () => {
    const { username } = await newAccount();
    const signIn = (headers) => send('POST', '/api/session', { json: { username, password }, headers });
    ok(await signIn({ 'sec-fetch-site': 'same-origin' }));
    ok(await signIn({ origin, 'sec-fetch-site': 'cross-site' }));
    for (const headers of [{}, { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'none' }])
      problem(await signIn(headers), 403, 'origin_not_allowed');
  });

  test('Every call that changes something by cookie is refused from elsewhere, and changes nothing', async () => {
    const { pc, phone, login, attempt } = await redeemed();
    const changes = [
      ['DELETE', '/api/session'],
      ['DELETE', `/api/sessions/${login.session.id}`],
      ['POST', `/api/login/${attempt.attemptId}/qr`],
      ['POST', `/api/login/${attempt.attemptId}/decline`],
    ];
    for (const [method, path] of changes)
      for (const headers of [
        {},
        { origin: 'https://evil.example' },
        { origin: 'null', 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'cross-site' },
      ])
        problem(await send(method, path, { headers: { cookie: pc.cookie, ...headers } }), 403, 'origin_not_allowed');
    await signedIn(pc);
    await signedIn(phone);
    ok(await send('DELETE', '/api/session', { headers: { cookie: pc.cookie, 'sec-fetch-site': 'same-origin' } }), 204);
    await signedOut(pc);
  });

  test('What is not authenticated by the cookie may come from anywhere: identify, redeem, a phone with its token', async () => {
    const { account, ticket, phone } = await asked();
    const anywhere = { origin: 'https://evil.example', 'content-type': 'application/json' };
    problem(await post('/api/login/identify', padded(500), anywhere), 404, 'no_live_connection');
    const body = JSON.stringify({ ticket, codeVerifier: phone.verifier, identifiers: [account.phone] });
    phone.token = ok(await post('/api/login/redeem', body, anywhere)).accessToken;
    ok(await phone.send('DELETE', '/api/session', { headers: { origin: anywhere.origin } }), 204);
    await signedOut(phone);
  });

  test('A call that only reads may come from anywhere', async () => {
    const pc = await Pc.signIn(await newAccount());
    for (const path of ['/api/session', '/api/sessions']) ok(await pc.send('GET', path, { headers: { origin: 'https://evil.example' } }));
  });

  test('No CORS headers are sent, neither on a call nor on a preflight', async () => {
    const pc = await Pc.signIn(await newAccount());
    const preflight = {
      origin: 'https://evil.example',
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'authorization',
    };
    const answers = [pc.answer, await pc.get('/api/session'), await send('GET', '/healthz/live', { headers: { origin } })];
    for (const headers of [preflight, { ...preflight, origin }]) answers.push(await send('OPTIONS', '/api/session', { headers }));
    for (const { headers } of answers) assert.deepEqual(Object.keys(headers).filter((name) => name.startsWith('access-control-')), []);
  });
});

describe('Errors and bodies', { concurrency: 6 }, () => {
  for (const path of calls) {
    test(`POST ${path} 400 invalid_request: what is no JSON object`, async () => {
      for (const body of [
        '', '{', 'null', '[]', '"text"', '17', '{"identifiers":}',
        Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      ])
        problem(await send('POST', path, { body, headers: { 'content-type': 'application/json', origin } }), 400, 'invalid_request');
    });

    test(`POST ${path} 415 unsupported_media_type`, async () => {
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'])
        problem(await post(path, '{}', { 'content-type': type, origin }), 415, 'unsupported_media_type');
      problem(await post(path, '{}', { origin }), 415, 'unsupported_media_type');
    });

    test(`POST ${path} 413 body_too_large: over 8 KiB, its length announced or not`, async () => {
      const body = padded(8193);
      const headers = { 'content-type': 'application/json', origin };
      problem(await post(path, body, headers), 413, 'body_too_large');
      problem(await send('POST', path, { body: [body.slice(0, 5000), body.slice(5000)], headers }), 413, 'body_too_large');
    });

    test(`${path} 405 method_not_allowed, with Allow`, async () => {
      for (const method of ['PUT', 'PATCH']) {
        const answer = await send(method, path, { headers: { origin } });
        problem(answer, 405, 'method_not_allowed');
        assert.match(answer.headers.allow ?? '', /\bPOST\b/);
      }
    });
  }

  test('A body of 8 KiB is read, and unknown members are ignored', async () => {
    problem(await post('/api/login/identify', padded(8192)), 404, 'no_live_connection');
  });

  test('application/json; charset=utf-8 is JSON, too', async () => {
    problem(
      await post('/api/login/identify', padded(500), { 'content-type': 'application/json; charset=utf-8' }),
      404,
      'no_live_connection',
    );
  });

  test('405 method_not_allowed: on every other call', async () => {
    for (const [method, path] of [
      ['POST', '/connect'],
      ['POST', '/api/sessions'],
      ['GET', '/api/login/identify'],
      ['GET', '/api/login/redeem'],
      ['PUT', '/api/sessions/00000000-0000-0000-0000-000000000000'],
      ['POST', '/healthz/live'],
    ])
      problem(await send(method, path, { headers: { origin } }), 405, 'method_not_allowed');
  });

  test('404 not_found: what there is not', async () => {
    for (const path of ['/api/nothing', '/api/session/more', '/api/login/', '/healthz', '/.env'])
      problem(await send('GET', path), 404, 'not_found');
  });

  test('400 invalid_request names each member that is wrong, as identifiers[0].kind', async () => {
    const json = {
      identifiers: [{ kind: 'nonsense', value: 'x' }, { kind: 'phone', value: 'x' }, { kind: 'phone' }],
      codeChallenge: 'short',
      codeChallengeMethod: 'plain',
    };
    invalid(
      await send('POST', '/api/login/identify', { json }),
      'identifiers[0].kind',
      'identifiers[1].value',
      'identifiers[2].value',
      'codeChallenge',
      'codeChallengeMethod',
    );
  });

  test('An error repeats no secret', async () => {
    const pc = await Pc.signIn(await newAccount());
    const secret = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const answers = [
      await send('GET', '/api/session', { headers: { authorization: `Bearer ${secret}` } }),
      await new Phone(newPhone()).redeem('AAAAAAAAAAAAAAAAAAAAAA', { codeVerifier: secret }),
      await pc.delete(`/api/sessions/${secret}`),
    ];
    for (const { text } of answers) assert.ok(!text.includes(secret), text);
  });

  test('Answers with secrets, and those after them, carry Cache-Control: no-store', async () => {
    const { pc, phone, attempt, ticket } = await asked();
    const answers = [
      pc.answer,
      await phone.redeem(ticket),
      await phone.redeem(ticket),
      await phone.get('/api/session'),
      await phone.get('/api/sessions'),
      await pc.get('/api/session'),
      await pc.get('/api/sessions'),
      await pc.post(`/api/login/${attempt.attemptId}/qr`),
      await pc.post(`/api/login/${attempt.attemptId}/decline`),
      await pc.delete('/api/session'),
      await pc.get('/api/session'),
    ];
    for (const [at, { status, headers }] of answers.entries())
      assert.match(headers['cache-control'] ?? '', /\bno-store\b/, `answer ${at} (${status})`);
  });

  test('GET /healthz/live and /healthz/ready 200', async () => {
    for (const path of ['/healthz/live', '/healthz/ready']) assert.equal((await send('GET', path)).status, 200);
  });
});
