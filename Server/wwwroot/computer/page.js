import { languageChoice, returnToChoice } from '../common/language.js';
import '../qr-login/qr-login.js';
import { asRefusal, call, Refusal } from '../common/api.js';
import { brand } from '../common/brand.js';
import { h, once } from '../common/dom.js';
import { remember } from '../common/storage.js';
import { around, explain, explainAll, say } from '../common/texts.js';
import { SessionList } from './session-list.js';
import { signInForm } from './sign-in.js';
import { mayBeSignedIn } from './visitor.js';

// The PC's page: the sign-in, or for who is signed in the connection and the sessions.

/** Written at each sign-in, so that other tabs of this browser that show the form look again. */
const SIGNED_IN = 'qrlogin.signedInAt';

const main = h('main');
const account = h('div', { class: 'account' });
document.body.append(h('header', {}, brand('/'), account), main, languageChoice(say('language')));
const refused = refusedByProvider();
addEventListener('storage', ({ key }) => key === SIGNED_IN && main.querySelector('form') && begin());
if (mayBeSignedIn) {
  await begin(refused);
} else {
  signIn(refused);
}
returnToChoice();

/** Why the user has come back from the provider without being signed in (PROTOCOL.md §4); it is taken out of the address. */
function refusedByProvider() {
  const code = /^#refused=([a-z_]+)$/.exec(location.hash)?.[1];
  if (code) {
    history.replaceState(null, '', location.pathname);
  }
  return code && explainAll(new Refusal(0, code, 60));
}

/**
 * Who is signed in?
 * @param {string} [notice] what the user is told where nobody is any more
 */
async function begin(notice) {
  attention();
  account.replaceChildren();
  main.replaceChildren(h('p', { class: 'plain', role: 'status' }, say('computer.loading')));
  try {
    ready(await call('GET', '/api/session'));
  } catch (error) {
    const refusal = asRefusal(error);
    if (refusal.status === 401) {
      signIn(notice);
    } else {
      const { title, help } = explain(refusal);
      main.replaceChildren(h('section', { class: 'card narrow', role: 'alert' },
        h('h1', {}, title), h('p', {}, help),
        h('button', { type: 'button', class: 'primary', onclick: () => begin() }, say('computer.retry'))));
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
  remember(SIGNED_IN, Date.now());
  const ended = () => begin(say('signIn.ended')); // another tab may have signed in anew
  const sessions = new SessionList(ended);
  const qrLogin = document.createElement('qr-login');
  qrLogin.addEventListener('sessionschange', () => sessions.load());
  qrLogin.addEventListener('signedout', ended);
  qrLogin.addEventListener('attemptchange', () => attention(/** @type {any} */ (qrLogin).attempt?.checkCode));
  const fault = h('p', { class: 'note alarm', role: 'alert', hidden: true });
  const signOut = once(async () => {
    qrLogin.removeEventListener('signedout', ended);
    const refusal = await call('DELETE', '/api/session').then(() => undefined, asRefusal);
    if (refusal && refusal.status !== 401) {
      qrLogin.addEventListener('signedout', ended);
      fault.textContent = explainAll(refusal);
      fault.hidden = false;
    } else {
      signIn();
    }
  });
  account.replaceChildren(
    h('span', { class: 'name', dir: 'auto', title: username }, displayName),
    h('button', { type: 'button', class: 'quiet', onclick: signOut }, say('computer.signOut')));
  const [before, after] = around(location.hostname === 'localhost' ? 'computer.noPhone' : 'computer.noApp');
  const app = h('p', { class: 'detail' }, before, h('a', { href: '/phone' }, `${location.origin}/phone`), after);
  if (location.hostname !== 'localhost') {
    app.append(h('img', { class: 'app', src: '/phone.png', alt: say('computer.appCode'), width: '148', height: '148' }));
  }
  main.replaceChildren(h('h1', { class: 'hidden-visually', tabindex: '-1' }, say('brand')), fault, qrLogin, app, sessions.element);
  main.querySelector('h1')?.focus();
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
