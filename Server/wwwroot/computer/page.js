import '../qr-login/qr-login.js';
import { asRefusal, call } from '../common/api.js';
import { brand } from '../common/brand.js';
import { h, once } from '../common/dom.js';
import { around, explain, say } from '../common/texts.js';
import { SessionList } from './session-list.js';
import { signInForm } from './sign-in.js';

// The PC's page: the sign-in, or for who is signed in the connection and the sessions.

const main = h('main');
const account = h('div', { class: 'account' });
document.body.append(h('header', {}, brand('/'), account), main);
await begin();

/** Who is signed in? */
async function begin() {
  main.replaceChildren(h('p', { class: 'plain', role: 'status' }, say('computer.loading')));
  try {
    ready(await call('GET', '/api/session'));
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal.status === 401) {
      signIn();
    } else {
      const { title, help } = explain(refusal);
      main.replaceChildren(h('section', { class: 'card narrow', role: 'alert' },
        h('h1', {}, title), h('p', {}, help), h('button', { type: 'button', class: 'primary', onclick: begin }, say('computer.retry'))));
    }
  }
}

/** @param {string} [notice] why the user sees this again */
function signIn(notice) {
  attention();
  account.replaceChildren();
  main.replaceChildren(signInForm(ready, notice));
  main.querySelector('input')?.focus();
}

/** @param {{ account: { username: string, displayName: string } }} session */
function ready({ account: { username, displayName } }) {
  const sessions = new SessionList(() => signIn(say('signIn.ended')));
  const qrLogin = document.createElement('qr-login');
  qrLogin.addEventListener('sessionschange', () => sessions.load());
  qrLogin.addEventListener('signedout', () => signIn(say('signIn.ended')));
  qrLogin.addEventListener('attemptchange', () => attention(/** @type {any} */ (qrLogin).attempt?.checkCode));
  const signOut = once(async () => {
    await call('DELETE', '/api/session').catch(asRefusal);
    signIn();
  });
  account.replaceChildren(
    h('span', { class: 'name', title: username }, displayName),
    h('button', { type: 'button', class: 'quiet', onclick: signOut }, say('computer.signOut')));
  const [before, after] = around('computer.noApp');
  const app = h('p', { class: 'detail' }, before, h('a', { href: '/phone' }, `${location.origin}/phone`), after);
  main.replaceChildren(h('h1', { class: 'hidden-visually' }, say('brand')), qrLogin, app, sessions.element);
  sessions.load();
}

/**
 * The tab's title and icon show that something waits.
 * @param {string} [checkCode] of the phone that waits
 */
function attention(checkCode) {
  document.title = checkCode ? say('computer.waiting', { code: checkCode }) : say('computer.title');
  /** @type {HTMLLinkElement} */ (document.querySelector('link[rel=icon]')).href = checkCode ? '/icon-waiting.svg' : '/icon.svg';
}
