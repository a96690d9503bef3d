import { languageChoice, returnToChoice } from '../common/language.js';
import { asRefusal } from '../common/api.js';
import { brand } from '../common/brand.js';
import { h, once } from '../common/dom.js';
import { explain, explainAll, say } from '../common/texts.js';
import { unsent } from '../common/unsent.js';
import { hasEnded, isTicket, redeem, signOut } from './flow.js';
import { ScanView } from './scan-view.js';
import { startView } from './start-view.js';
import { attempt, login, onChangeElsewhere } from './store.js';
import { typeView } from './type-view.js';

// The phone's page, the app of who has none: start, scan, signed in. One view at a time.

const main = h('main');
document.body.append(h('header', {}, brand('/phone')), main, languageChoice(say('language')));
let leave = () => {};
/** The attempt on the screen. @type {string | undefined} */
let shown;

/** The ticket that this phone's camera app has opened the page with (see arrival.js); read once. */
const ticket = /** @type {{ ticket?: string } | null} */ (history.state)?.ticket;
history.replaceState(null, '');

onChangeElsewhere(() => (login.get() || attempt.get()?.attemptId !== shown) && home());
document.title = say('phone.title');
document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && check());
if (!isSecureContext) {
  tell('phone.insecure');
} else if (ticket !== undefined && isTicket(ticket)) {
  arrive(ticket);
} else {
  home();
  check();
}
returnToChoice();

/** Where this phone stands: signed in, with an attempt that is still open, or at the start. */
function home() {
  const open = attempt.get();
  const typed = unsent('code');
  if (login.get()) {
    done();
  } else if (open && typed !== undefined) {
    type(open, typed);
  } else if (open) {
    scan(open);
  } else {
    start();
  }
}

/** Is this phone still signed in? Somebody may have ended its session on a computer. */
async function check() {
  if (await hasEnded()) {
    tell('phone.ended', ['phone.again', start]);
  }
}

function start() {
  show(startView({ asked: scan }));
}

/** @param {import('./store.js').Attempt} open */
function scan(open) {
  const again = () => {
    attempt.forget(open.attemptId);
    start();
  };
  const view = new ScanView(open, {
    signedIn: done,
    refused: (refusal, code) => refused(refusal, open, code),
    typed: () => type(open),
    cancelled: again,
  });
  show(view.element, open);
  leave = () => view.stop();
  view.start();
}

/**
 * @param {import('./store.js').Attempt} open
 * @param {string} [typed]
 */
function type(open, typed) {
  const view = typeView(
    open, { signedIn: done, refused: (refusal, code) => refused(refusal, open, code), scan: () => scan(open) }, typed);
  show(view.element, open);
  leave = view.stop;
}

/** With a code, but only the phone that asked has the verifier. @param {string} scanned */
function arrive(scanned) {
  const open = attempt.get();
  if (open) {
    send(open, { ticket: scanned });
  } else if (login.get()) {
    done(); // a camera app that opens it twice
  } else {
    tell('phone.unasked', ['phone.back', home]);
  }
}

/**
 * @param {import('./store.js').Attempt} open
 * @param {import('./flow.js').Code} code
 */
async function send(open, code) {
  show(h('p', { class: 'plain', role: 'status' }, say('phone.redeeming')));
  try {
    await redeem(open, code);
    done();
  } catch (error) {
    refused(asRefusal(error), open, code);
  }
}

function done() {
  const { displayName, username } = /** @type {import('./store.js').Login} */ (login.get()).account;
  const fault = h('p', { class: 'note alarm', role: 'alert', hidden: true });
  const out = (/** @type {'phone.notMe' | 'phone.out'} */ words) => once(async () => {
    try {
      await signOut();
      tell(words, ['phone.again', start]);
    } catch (error) {
      fault.textContent = explainAll(error);
      fault.hidden = false;
    }
  });
  show(h('section', { class: 'done' },
    h('div', { class: 'tick', 'aria-hidden': 'true' }),
    h('h1', { tabindex: '-1' }, say('phone.done.title', { name: displayName })),
    h('p', { class: 'lead' }, say('phone.done.lead', { username })),
    h('p', { class: 'question' }, say('phone.done.question')),
    fault,
    h('div', { class: 'acts' },
      h('button', { type: 'button', class: 'deny', onclick: out('phone.notMe') }, say('phone.done.notMe')),
      h('button', { type: 'button', class: 'quiet', onclick: out('phone.out') }, say('phone.done.signOut')))));
}

/**
 * @param {import('../common/api.js').Refusal} refusal
 * @param {import('./store.js').Attempt} open
 * @param {import('./flow.js').Code} code
 */
function refused(refusal, open, code) {
  const { title, help } = explain(refusal);
  if (refusal.status === 0 || refusal.status === 503 || refusal.status === 429) {
    problem(title, help, button('phone.retry', () => send(open, code)));
  } else if (refusal.code === 'ticket_expired' || refusal.code === 'invalid_ticket') {
    problem(title, help, button('phone.scan.camera', home));
  } else {
    attempt.forget(open.attemptId);
    problem(title, help, button('phone.again', start));
  }
}

/**
 * @param {'phone.insecure' | 'phone.ended' | 'phone.unasked' | 'phone.out' | 'phone.notMe'} what
 * @param {[import('../common/texts.js').TextKey, () => void]} [next]
 */
function tell(what, next) {
  problem(say(`${what}.title`), say(`${what}.lead`), next && button(...next));
}

/**
 * @param {string} title
 * @param {string} help
 * @param {HTMLElement} [act]
 */
function problem(title, help, act) {
  show(h('section', { class: 'told' }, h('h1', { tabindex: '-1' }, title), h('p', { class: 'lead' }, help), act));
}

/**
 * @param {import('../common/texts.js').TextKey} key
 * @param {() => void} onclick
 */
function button(key, onclick) {
  return h('button', { type: 'button', class: 'primary', onclick }, say(key));
}

/**
 * @param {HTMLElement} view
 * @param {import('./store.js').Attempt} [open] the attempt that it is about
 */
function show(view, open) {
  shown = open?.attemptId;
  leave();
  leave = () => {};
  main.replaceChildren(view);
  /** @type {HTMLElement | null} */ (view.querySelector('h1'))?.focus();
}
