import { mayBeSignedIn } from '../computer/visitor.js';
import '../qr-login/qr-login.js';

// A pretend shop. What a site does: put <qr-login> into the page of a user who is signed in, and listen.

const account = /** @type {HTMLElement} */ (document.getElementById('account'));
const phone = /** @type {HTMLElement} */ (document.getElementById('phone'));
const response = mayBeSignedIn ? await fetch('/api/session') : undefined;
if (response?.ok) {
  const { account: { displayName } } = await response.json();
  account.textContent = `Hello, ${displayName}`;
  const qrLogin = /** @type {import('../qr-login/qr-login.js').QrLogin} */ (document.createElement('qr-login'));
  qrLogin.setAttribute('quiet', '');
  qrLogin.addEventListener('attemptchange', () => {
    phone.textContent = qrLogin.attempt ? `${qrLogin.attempt.device.name ?? 'A phone'} wants to sign in.` : '';
  });
  qrLogin.addEventListener('signedout', signIn);
  document.body.append(qrLogin);
} else {
  signIn();
}

function signIn() {
  document.querySelector('qr-login')?.remove();
  const link = document.createElement('a');
  link.href = '/';
  link.textContent = 'Sign in';
  account.replaceChildren(link);
}
