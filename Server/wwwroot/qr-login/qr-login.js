import { h } from '../common/dom.js';
import { language } from '../common/texts.js';
import { unsent } from '../common/unsent.js';
import { AttemptDialog } from './attempt-dialog.js';
import { Connection } from './connection.js';
import { Notices } from './notices.js';
import { StatusLine } from './status-line.js';

/**
 * `<qr-login>`: put it into a page whose user is signed in, and a phone that asks is shown there: it holds the connection, says how it
 * stands, and opens a dialog with the code.
 *
 * It speaks the page's language, as `<html lang>` says. With the attribute `quiet` it shows nothing until a phone asks or there is
 * something to press. Its looks: the custom properties of qr-login.css, and the parts status, dialog, code, digits, button and notice.
 * Where the page has something to do it fires
 *
 * - `attemptchange`: a phone waits, or none does any more: see `attempt`;
 * - `sessionschange`: the account's sessions have changed, fetch the list again;
 * - `signedout`: the session has ended, show the sign-in.
 */
export class QrLogin extends HTMLElement {
  #connection = new Connection({ isAwaited: () => this.#dialog.isOpen });
  #dialog = new AttemptDialog({
    over: (attemptId, outcome) => this.#over(attemptId, outcome),
    change: () => this.#attemptChanged(),
    isConnected: () => this.#connection.state === 'ready',
  });
  #notices = new Notices();
  #status = new StatusLine({ reconnect: () => this.#connection.open(), show: () => this.#dialog.open() });
  /** Attempts heard the end of: a message about one of these is late. @type {Set<string>} */
  #ended = new Set();
  /** @type {string | undefined} */
  #told;

  constructor() {
    super();
    this.attachShadow({ mode: 'open' }).append(
      h('link', { rel: 'stylesheet', href: new URL('qr-login.css', import.meta.url).href }),
      this.#status.element,
      this.#dialog.element,
      this.#notices.element,
    );
    for (const { element } of [this.#status, this.#dialog, this.#notices]) {
      element.lang = language; // the page's may be one that we have no words in
    }
    this.#connection.addEventListener('state', () => this.#connectionChanged());
    this.#connection.addEventListener('message', (event) => this.#hear(/** @type {CustomEvent} */ (event).detail));
  }

  /** The phone that waits for its code to be scanned; undefined when none does. */
  get attempt() {
    return this.#dialog.attempt;
  }

  connectedCallback() {
    this.#connection.open();
    this.#dialog.start();
    this.#notices.start();
  }

  disconnectedCallback() {
    this.#connection.close();
    this.#dialog.stop();
    this.#notices.stop();
  }

  #connectionChanged() {
    this.#keepFocus(() => this.#status.connection(this.#connection));
    const { state } = this.#connection;
    if (state === 'signed-out' || state === 'replaced' || state === 'broken') {
      this.#dialog.close(); // no news of it come here any more
    }
    if (state === 'signed-out') {
      this.#fire('signedout');
    }
  }

  /** @param {any} message PROTOCOL.md §2 */
  #hear(message) {
    switch (message.type) {
      case 'welcome':
        this.#status.identifiers(message.identifiers);
        this.#takeUp(message.openAttempts, message.recent);
        this.#fire('sessionschange');
        break;
      case 'qr':
        if (!this.#ended.has(message.attemptId)) {
          this.#dialog.show(message);
        }
        break;
      case 'warning':
        this.#dialog.warn(message.attemptId);
        break;
      case 'ended':
        this.#over(message.attemptId, message.outcome, message.session);
        break;
      case 'identifiers':
        this.#status.identifiers(message.identifiers);
        break;
      case 'sessions':
        this.#notices.check();
        this.#fire('sessionschange');
        break;
    }
  }

  /**
   * What went on while no connection stood.
   * @param {any[]} open
   * @param {any[]} recent
   */
  #takeUp(open, recent) {
    const shown = this.#dialog.attempt?.attemptId;
    if (shown && !open.some(({ attemptId }) => attemptId === shown)) {
      this.#over(shown, recent.some(({ attemptId }) => attemptId === shown) ? 'redeemed' : 'gone');
    }
    open.filter(({ attemptId }) => !this.#ended.has(attemptId)).forEach((attempt) => this.#dialog.take(attempt));
    this.#notices.takeUp(recent);
  }

  /**
   * @param {string} attemptId
   * @param {string} outcome PROTOCOL.md's redeemed, declined, superseded; else expired, replaced, or gone: nobody knows how
   * @param {{ id: string, device: { name: string | null, platform: string | null } }} [session]
   */
  #over(attemptId, outcome, session) {
    this.#ended.add(attemptId);
    const wasShown = this.#dialog.attempt?.attemptId === attemptId;
    if (wasShown && outcome === 'superseded') {
      this.#dialog.succeed();
      return;
    }
    if (wasShown) {
      this.#dialog.close();
    }
    if (outcome === 'redeemed' && session) {
      this.#notices.signedIn({ attemptId, session });
    } else if (wasShown && outcome !== 'redeemed') {
      this.#notices.tell(outcome);
    }
  }

  #attemptChanged() {
    const isNew = this.attempt?.attemptId !== this.#told;
    if (isNew && this.attempt && this.attempt.attemptId === unsent('hidden')) {
      this.#dialog.element.close(); // as its user had left it
    }
    if (!this.#dialog.isOpen) { // behind the dialog the button stays: the focus comes back to it
      this.#keepFocus(() => this.#status.waiting(this.attempt !== undefined));
    }
    if (isNew) {
      this.#told = this.attempt?.attemptId;
      this.#fire('attemptchange');
    }
  }

  /** What has the focus may go by it: then the news have it, or it would fall back to the top of the page. @param {() => void} change */
  #keepFocus(change) {
    const focused = this.shadowRoot?.activeElement;
    change();
    if (focused?.checkVisibility() === false) {
      this.#notices.element.focus();
    }
  }

  /** @param {string} type */
  #fire(type) {
    this.dispatchEvent(new Event(type));
  }
}

customElements.define('qr-login', QrLogin);
