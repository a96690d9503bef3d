import assert from 'node:assert/strict';
import { randomInt, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Phone } from './client.mjs';
import { bind, invalid, ok, online, pass, problem, unbind } from './support.mjs';

const digits = (count) => Array.from({ length: count }, () => randomInt(10)).join('');
const luhn = (stem) => {
  const sum = [...stem].reverse().reduce((sum, digit, at) => sum + (at % 2 ? +digit : digit < 5 ? digit * 2 : digit * 2 - 9), 0);
  return stem + ((10 - (sum % 10)) % 10);
};
const wrongLuhn = (right) => right.slice(0, -1) + ((+right.at(-1) + 1) % 10);

// A fresh normal form of each kind, other spellings of it, and what is refused.
const d = digits(12);
const imei = luhn(`49${digits(12)}`);
const imsi = `310${digits(12)}`;
const iccid = luhn(`89${digits(16)}`);
const iccid20 = luhn(`89${digits(17)}`);
const letters = `8986A${digits(14)}`;
const hex = digits(6);
const app = randomUUID();
const pairs = (text) => text.match(/../g);

const kinds = [
  {
    kind: 'phone',
    normal: [`+888${d}`],
    spelled: [
      `+888 ${d.slice(0, 4)} ${d.slice(4)}`,
      `+888-${d.slice(0, 3)}.${d.slice(3)}`,
      `+(888)${d}`,
      `+888 (${d.slice(0, 3)}) ${d.slice(3, 6)}-${d.slice(6)}`,
    ],
    accepted: ['+1234567', '+123456789012345'],
    refused: [
      '', '+', '8613800138000', '13800138000', '008613800138000', '+0123456789', '+123456', '+1234567890123456',
      '+1415555CALL', '+14155550132x12', '+14155550132;ext=12', '+14155550132,12', '+44 (0)20 7946 0958',
      '+44(0)2079460958', '++14155550132', '+1415+5550132', '+１４１５５５５０１３２', '+1415/5550132', 'tel:+14155550132',
      '+1415\u00a05550132', '+1415–5550132',
    ],
  },
  {
    kind: 'imei',
    normal: [imei],
    spelled: [
      `${imei.slice(0, 2)}-${imei.slice(2, 8)}-${imei.slice(8, 14)}-${imei.slice(14)}`,
      `${imei.slice(0, 8)} ${imei.slice(8)}`,
      `${imei.slice(0, 8)}/${imei.slice(8)}`,
    ],
    accepted: ['490154203237518'],
    refused: [
      '', imei.slice(0, 14), `${imei}0`, luhn(imei), wrongLuhn(imei), '000000000000000', '490154203237519',
      '49015420323751A', '49.0154203237518', '٤٩٠١٥٤٢٠٣٢٣٧٥١٨',
    ],
  },
  {
    kind: 'imsi',
    normal: [imsi, `310${digits(11)}`],
    spelled: [`${imsi.slice(0, 3)} ${imsi.slice(3, 6)} ${imsi.slice(6)}`, `${imsi.slice(0, 3)}-${imsi.slice(3, 5)}-${imsi.slice(5)}`],
    accepted: ['310150123456789', '31015012345678'],
    refused: [
      '', '3101501234567', '3101501234567890', '111111111111111', '00000000000000', '31015012345678A',
      '310.150123456789', '310/150123456789',
    ],
  },
  {
    kind: 'iccid',
    normal: [iccid, iccid20, letters],
    spelled: [`${iccid}F`, `${iccid.slice(0, 6)} ${iccid.slice(6, 12)} ${iccid.slice(12)}`, `${iccid.slice(0, 4)}-${iccid.slice(4)}`],
    accepted: ['89ABCDEFGHIJKLMNOPQ', '89ABCDEFGHIJKLMNOPQR'],
    refused: [
      '', iccid.slice(0, 18), `${iccid20}11`, wrongLuhn(iccid), wrongLuhn(iccid20), `${wrongLuhn(iccid)}F`,
      luhn(`88${digits(16)}`), `98${iccid.slice(2)}`, '8888888888888888888', '99999999999999999999',
      `${letters.slice(0, 18)}_`, `${letters.slice(0, 18)}É`,
    ],
  },
  {
    kind: 'mac',
    normal: [`a4:83:e7:${pairs(hex).join(':')}`],
    spelled: [
      `A4-83-E7-${pairs(hex).join('-')}`,
      `a483.e7${hex.slice(0, 2)}.${hex.slice(2)}`,
      `a483e7${hex}`,
      `A483E7${hex}`,
      `A4:83:E7:${pairs(hex).join(':')}`,
    ],
    accepted: ['a4:83:e7:01:02:03', '06:00:00:00:00:01'],
    refused: [
      '', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff', 'a5:83:e7:01:02:03', '00:00:00:00:00:00', '000000000000',
      '02:00:00:00:00:00', '02-00-00-00-00-00', '020000000000', 'a4:83:e7:01:02', 'a4:83:e7:01:02:03:04',
      'g4:83:e7:01:02:03', 'a4 83 e7 01 02 03',
    ],
  },
  {
    kind: 'app',
    normal: [app, `${digits(20)}aZ`, `a-_.${digits(124)}`],
    spelled: [],
    accepted: ['A'.repeat(22), 'z'.repeat(128)],
    refused: [
      '', 'a'.repeat(21), 'a'.repeat(129), `${app} `, `${app}+`, `${app}/`, `${app}=`, `${app}é`,
      `${app.slice(0, 10)} ${app.slice(10)}`,
    ],
  },
];

describe('Identifiers', { concurrency: 6 }, () => {
  for (const { kind, normal, spelled, accepted, refused } of kinds) {
    test(`${kind}: the normal form is accepted, others refused (400)`, async () => {
      for (const value of [...normal, ...spelled, ...accepted]) {
        const answer = await new Phone({ kind, value }).identify();
        assert.ok([202, 404].includes(answer.status), `${value}: ${answer.text}`);
      }
      for (const value of refused) invalid(await new Phone({ kind, value }).identify(), 'identifiers[0].value');
    });

    test(`${kind}: psql normalises and checks like the server; compared in the normal form; ` +
      'on the wire back only the last four show', async () => {
      const { account, pc, socket } = await online();
      for (const value of normal) assert.equal(await bind(account, { kind, value }), value);
      for (const value of spelled) assert.equal(await bind(account, { kind, value }), normal[0]);
      for (const value of refused) await assert.rejects(bind(account, { kind, value }), /ERROR:/, value);
      await socket.next('identifiers', { where: ({ identifiers }) => identifiers.length === 2 + normal.length });
      for (const value of [...normal, ...spelled]) {
        ok(await new Phone({ kind, value }).identify(), 202);
        await pass(account, '70 s');
      }
      const { identifiers } = await (await pc.connect()).next('welcome');
      const shown = identifiers.filter((one) => one.kind === kind).map(({ masked }) => masked);
      for (const value of normal) {
        const at = shown.findIndex((masked) => masked.endsWith(value.slice(-4)));
        assert.ok(at >= 0, `${shown} ends with the last four of ${value}`);
        assert.match(shown[at].slice(0, -4), /^[+:]?[•:]+$/);
      }
    });
  }

  test('An app identifier is compared as it is: case counts', async () => {
    const { account } = await online();
    const value = `aB${randomUUID()}`;
    await bind(account, { kind: 'app', value });
    problem(await new Phone({ kind: 'app', value: value.toUpperCase() }).identify(), 404, 'no_live_connection');
  });

  test('The same value of another kind is another identifier', async () => {
    const { account, socket } = await online();
    const value = luhn(`31${digits(12)}`);
    await bind(account, { kind: 'imei', value });
    await socket.next('identifiers');
    problem(await new Phone({ kind: 'imsi', value }).identify(), 404, 'no_live_connection');
    ok(await new Phone({ kind: 'imei', value }).identify(), 202);
  });

  test('Masked: +•••••••••8000; of short ones at most a third shows', async () => {
    for (const [value, masked] of [[`+861${digits(6)}8000`, /^\+•{9}8000$/], [`+${randomInt(1, 10)}${digits(6)}`, /^\+•{5}\d\d$/]]) {
      const { account, pc } = await online();
      await unbind(account.phone);
      await bind(account, { kind: 'phone', value });
      const { identifiers } = await (await pc.connect()).next('welcome');
      assert.match(identifiers.find(({ kind }) => kind === 'phone').masked, masked);
    }
  });
});
