import { asRefusal, call } from '../common/api.js';
import { attempt, challengeOf, installId, login, randomText } from './store.js';

const TRIES = 3;
const PAUSE = 1_000;

/** @typedef {import('./store.js').Attempt} Attempt */

/** What was asked and not answered: asked again, it is the same attempt. @type {{ number: string, verifier: string } | undefined} */
let unanswered;

/**
 * Says who this phone is. The verifier stays here until the code is scanned.
 * @param {string} number as typed; empty for none
 * @returns {Promise<Attempt>}
 */
export async function identify(number) {
  const identifiers = [{ kind: 'app', value: installId() }, ...(number ? [{ kind: 'phone', value: number }] : [])];
  const verifier = unanswered?.number === number ? unanswered.verifier : randomText();
  unanswered = { number, verifier };
  const { attemptId, checkCode, expiresIn } = await call('POST', '/api/login/identify', {
    body: { identifiers, codeChallenge: await challengeOf(verifier), codeChallengeMethod: 'S256', device: await describe() },
  });
  unanswered = undefined;
  const opened = { attemptId, verifier, identifiers, checkCode, endsAt: Date.now() + expiresIn * 1000 };
  attempt.set(opened);
  return opened;
}

/**
 * Asks how it stands, and notes when it ends now: the computer's user may have given it more time.
 * @param {Attempt} open
 */
export async function askStatus(open) {
  const { expiresIn } = await call('POST', `/api/login/${open.attemptId}/status`, { body: { codeVerifier: open.verifier } });
  open.endsAt = Date.now() + expiresIn * 1000;
  attempt.prolong(open);
}

/**
 * What the computer showed: scanned, or typed.
 * @typedef {{ ticket: string, typedCode?: undefined } | { ticket?: undefined, typedCode: string }} Code
 */

/**
 * Sends it, again when the answer may have been lost: within a minute the server gives the same one.
 * @param {Attempt} opened
 * @param {Code} code
 */
export async function redeem({ attemptId, verifier, identifiers }, { ticket, typedCode: typed }) {
  const body = { ...(typed ? { attemptId, typedCode: typed } : { ticket }), codeVerifier: verifier, identifiers };
  const send = () => call('POST', '/api/login/redeem', { body });
  const { accessToken, account } = await (typed ? send() : persistently(send)); // a wrong typed code counts each time
  login.set({ token: accessToken, account });
  attempt.forget(attemptId);
}

/**
 * Asks whether the session that this phone remembers still is one, and forgets it if not.
 * @returns {Promise<boolean>} whether it was forgotten
 */
export async function hasEnded() {
  const token = login.get()?.token;
  const refusal = token && await call('GET', '/api/session', { token }).then(() => undefined, asRefusal);
  const isOver = refusal && refusal.status === 401 && login.get()?.token === token;
  if (isOver) {
    login.forget();
  }
  return Boolean(isOver);
}

/** Ends this phone's session. One that has ended already is as good. */
export async function signOut() {
  const token = login.get()?.token;
  const refusal = token && await call('DELETE', '/api/session', { token }).then(() => undefined, asRefusal);
  if (refusal && refusal.status !== 401) {
    throw refusal;
  }
  login.forget();
}

/**
 * The ticket in what a QR code says; undefined where it is none of ours.
 * @param {string} text
 */
export function ticketIn(text) {
  const [address, ticket] = text.split('#');
  return address === `${location.origin}/q` && isTicket(ticket ?? '') ? ticket : undefined;
}

/** Whether it can be one: 16 bytes, base64url. @param {string} text */
export const isTicket = (text) => /^[\w-]{22}$/.test(text);

/**
 * The code in what was typed: Crockford's base32, in which nobody has to tell O from 0 or I and L from 1. Undefined where it is none.
 * @param {string} text
 */
export function typedCode(text) {
  const code = text.normalize('NFKC').toUpperCase().replace(/[^A-Z0-9]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  return /^[0-9A-HJKMNP-TV-Z]{8}$/.test(code) ? `${code.slice(0, 4)}-${code.slice(4)}` : undefined;
}

/**
 * @template T
 * @param {() => Promise<T>} act
 */
async function persistently(act) {
  for (let left = TRIES; ; left--) {
    try {
      return await act();
    } catch (error) {
      const refusal = asRefusal(error);
      if (left === 1 || (refusal.status !== 0 && refusal.status !== 503)) {
        throw refusal;
      }
      await new Promise((resume) => setTimeout(resume, refusal.retryAfter ? refusal.retryAfter * 1000 : PAUSE));
    }
  }
}

/** What this device calls itself, as far as its browser tells. */
async function describe() {
  const data = /** @type {any} */ (navigator).userAgentData;
  const { model, platform, platformVersion } =
    await data?.getHighEntropyValues?.(['model', 'platform', 'platformVersion']).catch(() => undefined) ?? {};
  if (platform) {
    const [major] = (platformVersion ?? '').split('.');
    const brands = (data.brands ?? []).map((/** @type {{ brand: string }} */ { brand }) => brand);
    const browser = brands.find((/** @type {string} */ brand) => !/not.?a.?brand/i.test(brand));
    return { name: model || browser, platform: platform === 'Android' && major ? `${platform} ${major}` : platform };
  }
  const find = (/** @type {Record<string, string>} */ signs) =>
    Object.entries(signs).find(([sign]) => navigator.userAgent.includes(sign))?.[1];
  return {
    name: find({ iPhone: 'iPhone', iPad: 'iPad', Firefox: 'Firefox', Safari: 'Safari' }),
    platform: find({ iPhone: 'iOS', iPad: 'iPadOS', Android: 'Android', Macintosh: 'macOS', Windows: 'Windows', Linux: 'Linux' }),
  };
}
