import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Pc, Phone, origin, rows, send, sha256, sql } from './client.mjs';
import {
  aSecond, asked, bind, newAccount, newName, newPhone, ok, online, password, problem, redeemed, signedIn, signedOut, unbind,
} from './support.mjs';

const signIn = ({ username }, word) => send('POST', '/api/session', { json: { username, password: word }, headers: { origin } });
const refused = (promise, words) => assert.rejects(promise, ({ stderr }) => {
  assert.match(stderr, /ERROR: +\S/);
  if (words) assert.match(stderr, words);
  return true;
});

describe('psql', { concurrency: 6 }, () => {
  test('admin.create_account: makes an account that can sign in', async () => {
    const account = { username: newName(), password: 'tr0ub4dor&3' };
    await sql`select admin.create_account(${account.username}, ${account.password}, ${"Bob O'Hara ✓"})`;
    assert.deepEqual((await Pc.signIn(account)).answer.json.account, { username: account.username, displayName: "Bob O'Hara ✓" });
  });

  test('admin.create_account: refuses a name that is taken, in any case, or is none, and a password over 72 bytes or empty', async () => {
    const { username } = await newAccount();
    await refused(sql`select admin.create_account(${username}, ${password}, 'X')`, new RegExp(username, 'i'));
    await refused(sql`select admin.create_account(${username.toUpperCase()}, ${password}, 'X')`);
    for (const name of ['', 'a b', 'ä', 'x'.repeat(65), 'a/b']) await refused(sql`select admin.create_account(${name}, ${password}, 'X')`);
    for (const word of ['', 'x'.repeat(73), 'é'.repeat(37)]) await refused(sql`select admin.create_account(${newName()}, ${word}, 'X')`);
  });

  test('admin.set_password: the new one signs in, the old one no longer; its sessions end', async () => {
    const { account, pc, phone, socket } = await redeemed();
    await sql`select admin.set_password(${account.username}, 'another one')`;
    assert.equal(await socket.code(aSecond), 4401);
    await signedOut(pc);
    await signedOut(phone);
    problem(await signIn(account, password), 401, 'invalid_credentials');
    ok(await signIn(account, 'another one'));
  });

  test('admin.set_password: refuses a password over 72 bytes, and ends nothing', async () => {
    const { account, pc } = await online();
    await refused(sql`select admin.set_password(${account.username}, ${'x'.repeat(73)})`);
    await signedIn(pc);
  });

  test('admin.bind: binds; the phone is found, within a second, without a restart', async () => {
    const { account, socket } = await online();
    const mine = newPhone();
    problem(await new Phone(mine).identify(), 404, 'no_live_connection');
    assert.equal(await bind(account, mine), mine.value);
    await socket.next('identifiers', { within: aSecond });
    ok(await new Phone(mine).identify(), 202);
  });

  test('admin.bind: again for the same account changes its label', async () => {
    const account = await newAccount();
    await bind(account, account.phone, 'The new one');
    const found = await rows`select * from admin.bindings where username = ${account.username}`;
    assert.equal(found.length, 2);
    assert.ok(JSON.stringify(found).includes('The new one'));
  });

  test('admin.bind: an identifier that is bound elsewhere is an error naming that account', async () => {
    const [one, two] = await Promise.all([newAccount(), newAccount()]);
    await refused(bind(two, one.phone), new RegExp(one.username));
    await unbind(one.phone);
    await bind(two, one.phone);
  });

  test('admin.bind: refuses an unknown account, an unknown kind and a value that is none', async () => {
    const account = await newAccount();
    await refused(bind({ username: newName() }, newPhone()));
    await refused(bind(account, { kind: 'email', value: 'a@b.c' }));
    await refused(bind(account, { kind: 'phone', value: '13800138000' }));
  });

  test('admin.unbind: live connections lose it at once', async () => {
    const { account, socket } = await online();
    await unbind({ kind: 'phone', value: account.phone.value.replace(/(...)$/, '-$1') });
    assert.deepEqual((await socket.next('identifiers', { within: aSecond })).identifiers.map(({ kind }) => kind), ['app']);
    problem(await new Phone(account.phone).identify(), 404, 'no_live_connection');
    ok(await new Phone(account.app).identify(), 202);
  });

  test('admin.bind after admin.unbind: moved to another account, the phone reaches that one', async () => {
    const [one, two] = await Promise.all([online(), online()]);
    await unbind(one.account.phone);
    await bind(two.account, one.account.phone);
    await two.socket.next('identifiers', { within: aSecond });
    ok(await new Phone(one.account.phone).identify(), 202);
    await two.socket.next('qr');
    assert.equal(one.socket.count('qr'), 0);
  });

  test('admin.disable_account: ends its sessions, and nobody signs in', async () => {
    const { account, pc, phone, socket } = await redeemed();
    await sql`select admin.disable_account(${account.username})`;
    assert.equal(await socket.code(aSecond), 4401);
    await signedOut(pc);
    await signedOut(phone);
    problem(await signIn(account, password), 401, 'invalid_credentials');
    problem(await new Phone(account.phone).identify(), 404, 'no_live_connection');
  });

  test('admin.enable_account: signs in again; the sessions that were ended stay ended', async () => {
    const { account, pc } = await online();
    await sql`select admin.disable_account(${account.username})`;
    await sql`select admin.enable_account(${account.username})`;
    await signedOut(pc);
    await Pc.signIn(account);
  });

  test('admin.revoke_sessions: ends all its sessions, returns how many, and no other', async () => {
    const [{ account, pc, phone, socket }, other] = await Promise.all([redeemed(), online()]);
    const second = await Pc.signIn(account);
    ok(await (await Pc.signIn(account)).delete('/api/session'), 204); // ended before, not counted
    assert.equal(await sql`select admin.revoke_sessions(${account.username})`, '3');
    assert.equal(await socket.code(aSecond), 4401);
    for (const who of [pc, second, phone]) await signedOut(who);
    await signedIn(other.pc);
    assert.equal(await sql`select admin.revoke_sessions(${account.username})`, '0');
  });

  test('Names are case-insensitive to the functions, too; an unknown one is an error that names it', async () => {
    const account = await newAccount();
    assert.equal(await sql`select admin.revoke_sessions(${account.username.toUpperCase()})`, '0');
    const nobody = newName();
    for (const call of [
      () => sql`select admin.set_password(${nobody}, ${password})`,
      () => sql`select admin.disable_account(${nobody})`,
      () => sql`select admin.enable_account(${nobody})`,
      () => sql`select admin.revoke_sessions(${nobody})`,
    ])
      await refused(call(), new RegExp(nobody));
  });

  test('An open attempt of an account whose sessions were revoked cannot be redeemed', async () => {
    const { account, phone, ticket } = await asked();
    await sql`select admin.revoke_sessions(${account.username})`;
    problem(await phone.redeem(ticket), 410, 'session_ended');
  });

  test('The views admin.accounts, bindings, sessions and attempts: what there is, without secrets', async () => {
    const { account, pc, phone, ticket, login, attempt } = await redeemed();
    const { username } = account;
    const [accounts, bindings, sessions, attempts] = await Promise.all([
      rows`select * from admin.accounts where username = ${username}`,
      rows`select * from admin.bindings where username = ${username}`,
      rows`select * from admin.sessions where username = ${username}`,
      rows`select * from admin.attempts where username = ${username}`,
    ]);
    assert.deepEqual([accounts, bindings, sessions, attempts].map(({ length }) => length), [1, 2, 2, 1]);
    assert.deepEqual(bindings.map(({ kind, value }) => [kind, value]).sort(), [['app', account.app.value], ['phone', account.phone.value]]);
    assert.deepEqual(sessions.map(({ id, kind }) => [id, kind]).sort(), [[pc.session.id, 'web'], [login.session.id, 'mobile']].sort());
    assert.deepEqual(
      attempts.map(({ state, device, check_code }) => [state, device, String(check_code)]),
      [['redeemed', 'Pixel 10', attempt.checkCode]],
    );

    const text = JSON.stringify([accounts, bindings, sessions, attempts]);
    const secrets = [pc.token, login.accessToken, ticket, phone.verifier].flatMap((secret) => [
      secret,
      sha256(secret).toString('hex'),
      Buffer.from(secret, 'base64url').toString('hex'),
      sha256(Buffer.from(secret, 'base64url')).toString('hex'),
    ]);
    for (const secret of secrets) assert.ok(!text.includes(secret));
    assert.doesNotMatch(text, /\$2[aby]\$|"[a-z_]*(hash|token|salt|challenge|password)[a-z_]*":/);
  });
});
