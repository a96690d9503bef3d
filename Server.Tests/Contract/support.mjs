// What the tests share: accounts of their own, a phone that has asked, and how an error looks.
import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { after } from 'node:test';
import { Connection, Pc, Phone, patience, send, sql, ticketOf } from './client.mjs';

after(() => Connection.all.forEach(({ socket }) => socket.terminate()));

export const password = 'correct horse battery staple';
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const token = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/; // 32 bytes, canonical

export const newName = () => `c-${randomUUID()}`;
export const newPhone = () => ({ kind: 'phone', value: `+888${String(randomInt(1e12)).padStart(12, '0')}` });
export const newApp = () => ({ kind: 'app', value: randomUUID() });
export const bind = (account, { kind, value }, label = 'Pixel 10') =>
  sql`select admin.bind(${account.username}, ${kind}, ${value}, ${label})`;
export const unbind = ({ kind, value }) => sql`select admin.unbind(${kind}, ${value})`;

const template = { username: newName(), password, displayName: 'Contract Test' };
const quickHash = '$2a$04$4emR5GdTBgQ42iPr1I.SC.M2FMgc7erZnOjQhqNk7gy.cIC5Q/6J2'; // of the password, bcrypt, cost 4
let made;

/** An account as the administrator makes it: the password is hashed at cost 12, which takes its time, here and at each sign-in. */
export const newSlowAccount = () => newAccount(false);

/**
 * An account of one's own, with a phone number and an app id bound to it:
 * a copy of one in the database, with a hash of cost 4 for the same password.
 */
export async function newAccount(quick = true) {
  const account = { ...template, username: newName(), phone: newPhone(), app: newApp() };
  const { username, phone, app } = account;
  await (made ??= sql`select admin.create_account(${template.username}, ${password}, ${template.displayName})`);
  await sql`insert into account select copy.* from account a,
      jsonb_populate_record(a, regexp_replace(to_jsonb(a)::text,
        ${quick ? '\\$2[aby]\\$12\\$[./A-Za-z0-9]{53}' : '^$'}, ${quickHash})::jsonb
        || jsonb_build_object('id', gen_random_uuid(), 'username', ${username}::text)) copy where a.username = ${template.username};
    select admin.bind(${username}, 'phone', ${phone.value}, 'Pixel 10'), admin.bind(${username}, 'app', ${app.value}, 'Pixel 10')`;
  return account;
}

/** Somebody who sits at a PC with the page open. */
export async function online() {
  const account = await newAccount();
  const pc = await Pc.signIn(account);
  const socket = await pc.connect();
  const welcome = await socket.next('welcome');
  return { account, pc, socket, welcome };
}

export const device = { name: 'Pixel 10', platform: 'Android 17' };

/** … whose phone has asked, and scanned. */
export async function asked({ identifiers = ({ phone }) => [phone] } = {}) {
  const there = await online();
  const phone = new Phone(...identifiers(there.account));
  const attempt = ok(await phone.identify({ device }), 202);
  const qr = await there.socket.next('qr');
  return { ...there, phone, attempt, qr, ticket: await ticketOf(qr) };
}

/** … and is signed in. */
export async function redeemed(options) {
  const there = await asked(options);
  const login = ok(await there.phone.redeem(there.ticket));
  await there.socket.next('ended');
  return { ...there, login };
}

/** Lets so much time pass for the account's attempts and tickets. */
export const pass = (account, time) => sql`
  update login_ticket t set created_at = t.created_at - ${time}::interval, expires_at = t.expires_at - ${time}::interval
    from login_attempt a join account c on c.id = a.account_id where t.attempt_id = a.id and c.username = ${account.username};
  update login_attempt a set created_at = a.created_at - ${time}::interval, expires_at = a.expires_at - ${time}::interval,
    redeemed_at = a.redeemed_at - ${time}::interval, declined_at = a.declined_at - ${time}::interval
    from account c where c.id = a.account_id and c.username = ${account.username}`;

/** Lets so much time pass for one session. */
export const passForSession = (id, time) => sql`update session set created_at = created_at - ${time}::interval,
  last_seen_at = last_seen_at - ${time}::interval, expires_at = expires_at - ${time}::interval where id = ${id}`;

/** Lets the tickets expire while their attempt stays open. */
export const expireTickets = ({ attemptId }) =>
  sql`update login_ticket set created_at = created_at - interval '61 s', expires_at = expires_at - interval '61 s'
    where attempt_id = ${attemptId}`;

export function ok(answer, status = 200) {
  assert.equal(answer.status, status, answer.text);
  return answer.json;
}

/** Errors are RFC 9457 problem+json with a stable code, and with nothing of the inside. */
export function problem(answer, status, code) {
  assert.equal(`${answer.status} ${answer.json?.code}`, `${status} ${code}`, answer.text);
  assert.match(answer.headers['content-type'], /^application\/problem\+json\b/);
  const { errors, ...plain } = answer.json;
  assert.deepEqual(Object.keys(plain).sort(), ['code', 'detail', 'status', 'title', 'type']);
  assert.equal(plain.status, status);
  for (const member of ['type', 'title', 'detail']) assert.ok(typeof plain[member] === 'string' && plain[member], member);
  assert.equal(code === 'invalid_request', errors !== undefined, 'errors come with invalid_request');
  if (errors) {
    assert.ok(Object.keys(errors).length, 'errors names a member');
    for (const messages of Object.values(errors))
      assert.ok(Array.isArray(messages) && messages.length && messages.every((m) => typeof m === 'string'));
  }
  assert.doesNotMatch(answer.text, /Npgsql|Postgres|Exception|System\.|\bat \w+\.|\.cs\b|select |trace/i);
  if (status === 429 || status === 503) assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/);
  return answer.json;
}

/** invalid_request that names these members. */
export function invalid(answer, ...members) {
  const { errors } = problem(answer, 400, 'invalid_request');
  for (const member of members) assert.ok(Object.hasOwn(errors, member), `${member} is named, not only ${Object.keys(errors)}`);
  return errors;
}

export const members = (object, ...names) => assert.deepEqual(Object.keys(object).sort(), names.sort());
export const wholeSeconds = (value, from, to) =>
  assert.ok(Number.isInteger(value) && value >= from && value <= to, `${value} is whole, ${from} to ${to}`);
export const signedOut = async (who) => problem(await who.get('/api/session'), 401, 'session_required');
export const signedIn = async (who) => ok(await who.get('/api/session'));

/** Waits until a condition holds, within bounds. */
export async function until(condition, within = patience) {
  for (const end = Date.now() + within; Date.now() < end; await new Promise((resume) => setTimeout(resume, 20))) {
    const value = await condition();
    if (value) return value;
  }
  assert.fail(`not within ${within} ms: ${condition}`);
}

/** The handshake of RFC 6455 by hand, to see what is refused. */
const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};
export const handshake = (headers, path = '/connect') => send('GET', path, { headers: { ...upgrade, ...headers } });

/** The page's "within a second", in milliseconds; a noisy machine may be given more. */
export const aSecond = Number(process.env.QRLOGIN_A_SECOND ?? 1000);
