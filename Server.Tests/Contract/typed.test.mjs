import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Pc, Phone } from './client.mjs';
import { asked, expireTickets, invalid, newPhone, ok, pass, problem, signedIn } from './support.mjs';

const type = (phone, { attemptId }, typedCode, changes = {}) => phone.redeem(undefined, { attemptId, typedCode, ...changes });
const unusable = (answer) => problem(answer, 400, 'invalid_ticket');

/** Codes that are well formed and none of these. */
const wrong = (...codes) => Array.from({ length: 9 }, (_, n) => `WR0N-G00${n}`).filter((code) => !codes.includes(code));

/** A second PC session of the account, with the code that it shows. */
async function elsewhere({ account, attempt }) {
  const pc = await Pc.signIn(account);
  const socket = await pc.connect();
  ok(await pc.post(`/api/login/${attempt.attemptId}/qr`), 204);
  return { pc, socket, qr: await socket.next('qr') };
}

describe('The typed code', { concurrency: 6 }, () => {
  test('is XXXX-XXXX, eight symbols without I L O U', async () => {
    const { qr } = await asked();
    assert.match(qr.typedCode, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
  });

  test('is the same in fresh codes and on pages that connect late; another session and another attempt have others', async () => {
    const there = await asked();
    const { account, pc, socket, attempt, qr } = there;
    const late = await pc.connect();
    ok(await pc.post(`/api/login/${attempt.attemptId}/qr`), 204);
    for (const page of [socket, late]) assert.equal((await page.next('qr')).typedCode, qr.typedCode);
    const other = await elsewhere(there);
    ok(await new Phone(account.app).identify(), 202);
    const next = await socket.next('qr', { where: ({ attemptId }) => attemptId !== attempt.attemptId });
    assert.equal(new Set([qr, other.qr, next].map(({ typedCode }) => typedCode)).size, 3);
  });

  test('200: as with a ticket; repeated in any spelling, or with the ticket, the same token', async () => {
    const { account, phone, attempt, qr, ticket, socket } = await asked();
    const { typedCode } = qr;
    const login = ok(await type(phone, attempt, typedCode));
    assert.deepEqual(login.account, { username: account.username, displayName: account.displayName });
    assert.equal((await socket.next('ended')).outcome, 'redeemed');
    await signedIn(phone);
    for (const spelling of [
      typedCode.toLowerCase(), typedCode.replace('-', ''), ` ${[...typedCode].join(' ')} `, typedCode.replaceAll('0', 'o'),
      typedCode.replaceAll('0', 'O').replaceAll('1', 'I'), typedCode.toLowerCase().replaceAll('1', 'l'),
    ])
      assert.equal(ok(await type(phone, attempt, spelling)).accessToken, login.accessToken, spelling);
    assert.equal(ok(await phone.redeem(ticket)).accessToken, login.accessToken);
  });

  test('200: each session\'s code serves, and that session is the parent', async () => {
    const there = await asked();
    const { pc, qr } = await elsewhere(there);
    const login = ok(await type(there.phone, there.attempt, qr.typedCode));
    const { sessions } = ok(await pc.get('/api/sessions'));
    assert.equal(sessions.find(({ id }) => id === login.session.id).parentId, pc.session.id);
  });

  test('200: it outlives the QR code', async () => {
    const { phone, attempt, qr, ticket } = await asked();
    await expireTickets(attempt);
    problem(await phone.redeem(ticket), 410, 'ticket_expired');
    ok(await type(phone, attempt, qr.typedCode));
  });

  const [id, code, ticket] = [randomUUID(), '0123-4567', 'A'.repeat(22)];
  for (const [what, changes, ...names] of [
    ['both forms', { ticket, attemptId: id, typedCode: code }, 'ticket'],
    ['a ticket and a typed code', { ticket, typedCode: code }, 'ticket'],
    ['neither form', {}, 'ticket'],
    ['no attemptId', { typedCode: code }, 'attemptId'],
    ['no typedCode', { attemptId: id }, 'typedCode'],
    ['an attemptId that is none', { attemptId: 'nonsense', typedCode: code }, 'attemptId'],
    ['seven symbols', { attemptId: id, typedCode: '0123-456' }, 'typedCode'],
    ['nine symbols', { attemptId: id, typedCode: '0123-45678' }, 'typedCode'],
    ['a U', { attemptId: id, typedCode: 'UUUU-UUUU' }, 'typedCode'],
    ['a character that is no symbol', { attemptId: id, typedCode: '0123-456*' }, 'typedCode'],
  ])
    test(`400 invalid_request: ${what}`, async () => invalid(await new Phone(newPhone()).redeem(undefined, changes), ...names));

  test('400 invalid_ticket, the bytes of an unknown ticket, to everybody but the attempt\'s own phone', async () => {
    const [there, other] = await Promise.all([asked(), asked()]);
    const { account, phone, attempt, qr, socket } = there;
    const unknown = await phone.redeem('A'.repeat(22));
    for (const answer of [
      await type(new Phone(account.phone), attempt, qr.typedCode),
      await type(other.phone, other.attempt, qr.typedCode),
      await type(phone, { attemptId: randomUUID() }, qr.typedCode),
      await type(phone, attempt, qr.typedCode, { identifiers: [newPhone()] }),
    ]) {
      unusable(answer);
      assert.equal(answer.text, unknown.text);
    }
    assert.equal((await socket.next('warning')).reason, 'wrong_phone');
    ok(await type(phone, attempt, qr.typedCode));
  });

  test('400 invalid_ticket: dead after five wrong ones, in every session and after a fresh code; the QR code is not', async () => {
    const there = await asked();
    const { phone, attempt, qr, ticket } = there;
    const other = await elsewhere(there);
    for (const code of wrong(qr.typedCode, other.qr.typedCode).slice(0, 5)) unusable(await type(phone, attempt, code));
    unusable(await type(phone, attempt, qr.typedCode));
    unusable(await type(phone, attempt, other.qr.typedCode));
    unusable(await type(phone, attempt, (await elsewhere(there)).qr.typedCode));
    ok(await phone.redeem(ticket));
  });

  test('Four wrong ones, and any number with a wrong verifier, leave it alive', async () => {
    const { account, phone, attempt, qr } = await asked();
    const stranger = new Phone(account.phone);
    for (const code of wrong(qr.typedCode).slice(0, 4)) unusable(await type(phone, attempt, code));
    for (const code of wrong(qr.typedCode)) unusable(await type(stranger, attempt, code));
    ok(await type(phone, attempt, qr.typedCode));
  });

  for (const [code, become] of [
    ['declined', ({ pc, attempt }) => pc.post(`/api/login/${attempt.attemptId}/decline`)],
    ['superseded', ({ account }) => new Phone(account.app).identify()],
    ['session_ended', ({ pc }) => pc.delete('/api/session')],
    ['attempt_expired', ({ account }) => pass(account, '301 s')],
  ])
    test(`410 ${code}, to the attempt's phone with a right code; else 400 invalid_ticket`, async () => {
      const there = await asked();
      const { account, phone, attempt, qr } = there;
      await become(there);
      unusable(await type(new Phone(account.phone), attempt, qr.typedCode));
      unusable(await type(phone, attempt, wrong(qr.typedCode)[0]));
      problem(await type(phone, attempt, qr.typedCode), 410, code);
    });

  test('410 already_redeemed, 61 s after it was', async () => {
    const { account, phone, attempt, qr } = await asked();
    ok(await type(phone, attempt, qr.typedCode));
    await pass(account, '61 s');
    problem(await type(phone, attempt, qr.typedCode), 410, 'already_redeemed');
  });

  test('Exactly one session is made, by ticket and typed code at once', async () => {
    const { pc, phone, attempt, qr, ticket } = await asked();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 ? phone.redeem(ticket) : type(phone, attempt, qr.typedCode))),
    );
    assert.equal(new Set(answers.map((answer) => ok(answer).accessToken)).size, 1);
    assert.equal(ok(await pc.get('/api/sessions')).sessions.filter(({ kind }) => kind === 'mobile').length, 1);
  });
});
