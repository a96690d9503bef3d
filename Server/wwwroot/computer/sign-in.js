import { asRefusal, call } from '../common/api.js';
import { h, once } from '../common/dom.js';
import { explainAll, say } from '../common/texts.js';
import { unsent } from '../common/unsent.js';
import { provider } from './visitor.js';

/**
 * The form with user name and password, as password managers know it; below it the site's OpenID Connect provider, where there is one.
 * @param {(session: any) => void} done with the answer of `POST /api/session`
 * @param {string} [notice] why the user sees it
 */
export function signInForm(done, notice) {
  const username = h('input', {
    id: 'username', name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: '64',
    required: true, value: unsent('username'),
  });
  const password = h('input', { id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const fault = h('p', { class: 'note', role: 'alert', hidden: !notice }, notice);
  const tell = (/** @type {string} */ text) => {
    fault.textContent = text;
    fault.classList.add('alarm');
    fault.hidden = false;
  };

  const send = once(async () => {
    try {
      done(await call('POST', '/api/session', { body: { username: username.value.trim(), password: password.value } }));
    } catch (error) {
      const refusal = asRefusal(error);
      tell(refusal.code !== 'invalid_request' ? explainAll(refusal)
        : say('password' in refusal.errors ? 'signIn.long' : 'signIn.form'));
      if (refusal.code === 'invalid_credentials') {
        password.select();
        password.focus();
      }
    }
  });

  const leave = once(async () => {
    try {
      location.assign((await call('POST', '/api/session/oidc')).location);
    } catch (error) {
      tell(explainAll(error));
    }
  });

  // Without the script nothing is sent anywhere: the page's policy forbids it, and the method keeps the password out of the address.
  return h('form', { class: 'card narrow', method: 'post', onsubmit: send },
    h('h1', {}, say('signIn.title')),
    h('p', { class: 'lead' }, say('signIn.lead')),
    fault,
    h('label', { for: 'username' }, say('signIn.username')), username,
    h('label', { for: 'password' }, say('signIn.password')), password,
    h('button', { class: 'primary' }, say('signIn.submit')),
    provider && h('button', { type: 'button', class: 'provider', onclick: leave }, say('signIn.with', { provider })));
}
