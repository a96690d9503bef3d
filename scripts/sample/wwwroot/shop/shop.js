import '/qr-login/qr-login.js';

/** @param {string} id */
const find = (id) => /** @type {any} */ (document.getElementById(id));

/**
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
const call = (method, path, body) => fetch(path, {
  method,
  headers: body ? { 'Content-Type': 'application/json' } : {},
  body: body && JSON.stringify(body),
});

/** Shows what the shop's own session says. */
async function show() {
  const answer = await call('GET', '/shop/me');
  find('sign-in').hidden = answer.ok;
  find('home').hidden = !answer.ok;
  find('qr-login').replaceChildren();
  if (answer.ok) {
    const me = await answer.json();
    find('greeting').textContent = `Hello, ${me.name}`;
    await connect(me.username);
  }
}

/**
 * The user is signed in at the shop, and so at QrLogin: the shop's backend vouches for it, and this page hands its code over. Not when
 * this browser's session is there already: a new one would end it, and with it the user's other tabs.
 * @param {string} username
 */
async function connect(username) {
  const known = await call('GET', '/api/session');
  if (!known.ok || (await known.json()).account.username !== username) {
    const handOff = await call('POST', '/shop/hand-off', {});
    if (!handOff.ok || !(await call('POST', '/api/session/handoff', await handOff.json())).ok) {
      find('problem').textContent = 'Signing in on a phone is not available at the moment.';
      return;
    }
  }
  const element = document.createElement('qr-login');
  element.setAttribute('quiet', '');
  element.addEventListener('signedout', show); // in another tab, by an administrator, or because it has expired
  find('qr-login').replaceChildren(element);
  find('problem').textContent = '';
}

find('sign-in').addEventListener('submit', async (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  const answer = await call('POST', '/shop/sign-in', Object.fromEntries(new FormData(find('sign-in'))));
  find('problem').textContent = answer.ok ? '' : 'The name or the password is wrong.';
  if (answer.ok) {
    find('sign-in').reset();
    await show();
  }
});
find('sign-out').addEventListener('click', async () => {
  find('qr-login').replaceChildren(); // or it hears first that its session has ended
  const answer = await call('POST', '/shop/sign-out', {});
  await show();
  if (!answer.ok) {
    find('problem').textContent = 'You are signed out of the shop. QrLogin does not answer: sign in and out once more, later.';
  }
});
await show();
