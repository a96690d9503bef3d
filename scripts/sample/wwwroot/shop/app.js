import { login } from '/phone/store.js';

/** @param {string} id */
const find = (id) => /** @type {any} */ (document.getElementById(id));

// QrLogin's phone page keeps the token for its own origin, which is the shop's too; a native app keeps it in the phone's keystore.
const token = login.get()?.token;
const answer = token && await fetch('/shop/greeting', { headers: { Authorization: `Bearer ${token}` } });
find('greeting').textContent = answer && answer.ok ? (await answer.json()).greeting
  : answer && answer.status !== 401 ? 'The shop is not available at the moment.' : 'You are not signed in on this phone.';
find('sign-in').hidden = Boolean(answer && answer.status !== 401);
