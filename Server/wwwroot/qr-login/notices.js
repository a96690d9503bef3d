import { call } from '../common/api.js';
import { h, once } from '../common/dom.js';
import { recall, remember } from '../common/storage.js';
import { deviceName, explainAll, say, timeOfDay } from '../common/texts.js';

/** How long a notice stays that asks for nothing. */
const STAY = 15_000;
const SETTLED = 'qrlogin.settled';
const MOST_SETTLED = 50;

/**
 * `redeemedAt`: RFC 3339; just now where it is not told.
 * @typedef {{ id: string, device: { name: string | null, platform: string | null } }} AdmittedSession
 * @typedef {{ attemptId: string, session: AdmittedSession, redeemedAt?: string }} SignedIn
 */

/**
 * Short news at the edge of the page; that a phone was signed in stays, with "Undo", until it is answered here or on another tab, or its
 * session has ended.
 */
export class Notices {
  element = h('section', { class: 'notices', 'aria-label': say('notice.region'), tabindex: '-1' });

  #news = h('div', { role: 'status' });
  #cards = h('div', { role: 'status' });
  /** By attempt. @type {Map<string, { sessionId: string, card: HTMLElement }>} */
  #open = new Map();
  #leave = 0;

  constructor() {
    this.element.append(this.#cards, this.#news);
  }

  start() {
    addEventListener('storage', this.#agree);
  }

  stop() {
    removeEventListener('storage', this.#agree);
  }

  /** What was answered on another tab. @param {StorageEvent} event */
  #agree = ({ key }) => {
    if (key === SETTLED) {
      settled().forEach((attemptId) => this.#take(attemptId));
    }
  };

  /** @param {string} outcome of an attempt: declined, undone, expired, replaced, gone */
  tell(outcome) {
    this.#tell(say(/** @type {import('../common/texts.js').TextKey} */ (`notice.${outcome}`)));
  }

  /** @param {SignedIn} attempt */
  signedIn({ attemptId, session, redeemedAt }) {
    if (this.#open.has(attemptId) || settled().includes(attemptId)) {
      return;
    }
    const card = h('div', { class: 'card', part: 'notice' },
      h('p', {}, h('strong', {}, say('notice.signedIn', { device: deviceName(session.device), time: timeOfDay(redeemedAt) })), ' ',
        say('notice.wasItYou')),
      h('div', { class: 'acts' },
        h('button', { type: 'button', class: 'deny', part: 'button', onclick: once(() => this.#undo(attemptId)) }, say('notice.undo')),
        h('button', { type: 'button', class: 'quiet', part: 'button', onclick: () => this.#settle(attemptId) }, say('notice.keep'))));
    this.#open.set(attemptId, { sessionId: session.id, card });
    this.#cards.append(card);
  }

  /**
   * Those of the last ten minutes, which this page may not have been there for.
   * @param {SignedIn[]} recent newest first
   */
  async takeUp(recent) {
    const before = [...this.#open]; // one that opens meanwhile is newer than what is asked here
    if (recent.length > 0 || before.length > 0) {
      const live = await liveSessions();
      recent.filter(({ session }) => live.has(session.id)).reverse().forEach((each) => this.signedIn(each));
      before.forEach(([attemptId, { sessionId }]) => live.has(sessionId) || this.#take(attemptId));
    }
  }

  /** Takes away the notices of sessions that have ended meanwhile. */
  check() {
    return this.takeUp([]);
  }

  /** @param {string} attemptId */
  async #undo(attemptId) {
    try {
      await call('POST', `/api/login/${attemptId}/decline`);
      this.#settle(attemptId);
      this.tell('undone');
    } catch (error) {
      this.#tell(explainAll(error));
    }
  }

  /** Answered: here, and so on the other tabs. @param {string} attemptId */
  #settle(attemptId) {
    remember(SETTLED, [attemptId, ...settled()].slice(0, MOST_SETTLED));
    this.#take(attemptId);
  }

  /** @param {string} attemptId */
  #take(attemptId) {
    const card = this.#open.get(attemptId)?.card;
    this.#keepFocus(card);
    card?.remove();
    this.#open.delete(attemptId);
  }

  /** What goes away may have the focus, which would fall back to the top of the page. @param {HTMLElement} [leaving] */
  #keepFocus(leaving) {
    if (leaving?.matches(':focus-within')) {
      this.element.focus();
    }
  }

  /** @param {string} text */
  #tell(text) {
    const become = (/** @type {Node[]} */ ...news) => {
      this.#keepFocus(this.#news);
      this.#news.replaceChildren(...news);
    };
    const close = h('button', { type: 'button', class: 'quiet', part: 'button', onclick: () => become() }, say('notice.close'));
    become(h('div', { class: 'card', part: 'notice' }, h('p', {}, text), h('div', { class: 'acts' }, close)));
    clearTimeout(this.#leave);
    this.#leave = setTimeout(become, STAY);
  }
}

/** @returns {string[]} the attempts whose notice was answered, newest first */
function settled() {
  const stored = recall(SETTLED);
  return Array.isArray(stored) ? stored : [];
}

/** @returns {Promise<{ has: (id: string) => boolean }>} ids; as if all were, when they cannot be had now: better a notice too many */
const liveSessions = () => call('GET', '/api/sessions').then(
  ({ sessions }) => new Set(sessions.map((/** @type {{ id: string }} */ { id }) => id)), () => ({ has: () => true }));
