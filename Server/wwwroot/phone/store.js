import { forget, recall, remember } from '../common/storage.js';

/**
 * What this phone remembers, in this browser only. A native app would keep the session in its keystore; a page has nothing better than
 * its origin's storage, which the page's policy keeps foreign scripts away from.
 *
 * @typedef {{ kind: string, value: string }} Identifier
 * @typedef {{ attemptId: string, verifier: string, identifiers: Identifier[], checkCode: string, endsAt: number }} Attempt
 * `endsAt`: as `Date.now()`
 * @typedef {{ token: string, account: { username: string, displayName: string } }} Login
 */

const KEYS = { installId: 'qrlogin.installId', number: 'qrlogin.number', attempt: 'qrlogin.attempt', login: 'qrlogin.login' };

/** @param {Uint8Array<ArrayBuffer>} bytes */
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** 32 random bytes, as 43 characters. */
export const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** RFC 7636 S256. @param {string} verifier */
export const challengeOf = async (verifier) =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));

/** Made once and kept: the identifier of kind `app`. @returns {string} */
export function installId() {
  const known = recall(KEYS.installId);
  if (/^[\w.-]{22,128}$/.test(known)) {
    return known;
  }
  const made = randomText();
  remember(KEYS.installId, made);
  return made;
}

/** The phone number as its user typed it; undefined before the first use, empty when none is wanted. */
export const number = {
  /** @returns {string | undefined} */
  get: () => recall(KEYS.number),
  /** @param {string} text */
  set: (text) => remember(KEYS.number, text),
};

/** The attempt that is open, for another tab of this browser too: the phone's camera app may open one. */
export const attempt = {
  /** @returns {Attempt | undefined} */
  get() {
    const stored = recall(KEYS.attempt);
    return stored?.endsAt > Date.now() ? stored : undefined;
  },
  /** @param {Attempt} opened */
  set: (opened) => remember(KEYS.attempt, opened),
  /** It ends later; unless another one has been opened since. @param {Attempt} open */
  prolong(open) {
    if (recall(KEYS.attempt)?.attemptId === open.attemptId) {
      remember(KEYS.attempt, open);
    }
  },
  /** It is over; one that has been opened since stays. @param {string} attemptId */
  forget(attemptId) {
    if (recall(KEYS.attempt)?.attemptId === attemptId) {
      forget(KEYS.attempt);
    }
  },
};

/** The session that this phone has. */
export const login = {
  /** @returns {Login | undefined} */
  get() {
    const stored = recall(KEYS.login);
    return typeof stored?.token === 'string' && typeof stored.account?.displayName === 'string' ? stored : undefined;
  },
  /** @param {Login} granted */
  set: (granted) => remember(KEYS.login, granted),
  forget: () => forget(KEYS.login),
};

/**
 * Another tab of this browser has signed in or out, or opened an attempt or ended one.
 * @param {() => void} act
 */
export function onChangeElsewhere(act) {
  addEventListener('storage', ({ key }) => {
    if (key === KEYS.login || key === KEYS.attempt || key === null) {
      act();
    }
  });
}
