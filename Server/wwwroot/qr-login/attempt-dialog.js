import { around, clock, explainAll, say } from '../common/texts.js';
import { h, once } from '../common/dom.js';
import { CodeImage } from './code-image.js';

/**
 * An attempt as the page keeps it; `endsAt`: as `performance.now()`.
 * @typedef {{ name: string | null, platform: string | null, address: string }} Device
 * @typedef {{ attemptId: string, endsAt: number, checkCode: string, device: Device }} Attempt
 */

/** How long a newer attempt's code may follow the news that it took the place of this one. */
const SUCCESSION = 3_000;

/** What has become of an attempt, by the code of the refusal to show it. */
const OUTCOMES = /** @type {Record<string, string>} */ ({
  declined: 'declined', superseded: 'replaced', attempt_expired: 'expired', already_redeemed: 'redeemed', not_found: 'gone',
});

/**
 * The dialog in which a phone asks: who it is, the check code, the QR code, the time that is left, "Not me". One attempt at a time; a
 * newer one takes the place of an older one.
 */
export class AttemptDialog {
  /** @type {Attempt | undefined} */
  attempt;

  #acts;
  #code;
  #tick = 0;
  /** When a newer attempt took its place, whose code has not come yet. @type {number | undefined} */
  #succeededAt;

  #name = h('strong', { class: 'name' });
  #claims = h('span', { class: 'claims' });
  #check = h('strong', { class: 'digits' });
  #note = h('p', { class: 'note', role: 'alert', hidden: true });
  #time = h('p', { class: 'time' });

  /**
   * @param {{
   *   decline: (attemptId: string) => Promise<unknown>,
   *   over: (attemptId: string, outcome: string) => void,
   *   change: () => void,
   *   isConnected: () => boolean,
   * }} acts `over`: it has ended, as far as this page can tell; `change`: of `attempt` or `isOpen`
   */
  constructor(acts) {
    this.#acts = acts;
    this.#code = new CodeImage({
      refused: (refusal) => this.#refused(refusal),
      isWatched: () => this.#isWatched,
      excuse: () => say(acts.isConnected() ? 'code.coming' : 'code.offline'),
    });
    const [before, after] = around('attempt.check');
    this.element = h('dialog', { 'aria-labelledby': 'title', onclose: () => acts.change() },
      h('div', { class: 'ask' },
        h('h2', { id: 'title', tabindex: '-1', autofocus: true }, say('attempt.title')),
        h('p', { class: 'who' }, this.#name, this.#claims),
        h('p', { class: 'check' }, before, this.#check, after),
        this.#note),
      this.#code.element,
      h('div', { class: 'answer' },
        this.#time,
        h('div', { class: 'acts' },
          h('button', { type: 'button', class: 'deny', onclick: once(() => this.#decline()) }, say('attempt.notMe')),
          h('button', { type: 'button', class: 'quiet', onclick: () => this.element.close() }, say('attempt.hide'))),
        h('p', { class: 'advice' }, say('attempt.advice'))));
  }

  get isOpen() {
    return this.element.open;
  }

  start() {
    document.addEventListener('visibilitychange', this.#look);
    this.#tick = setInterval(this.#look, 1000);
  }

  stop() {
    document.removeEventListener('visibilitychange', this.#look);
    clearInterval(this.#tick);
    this.close();
  }

  /** @param {any} qr a message of type `qr` */
  show(qr) {
    this.#become(qr, qr.attemptExpiresIn);
    this.#code.show(qr);
  }

  /**
   * An attempt that was open before this connection was: its code is asked for.
   * @param {any} open one of the welcome's `openAttempts`
   */
  take(open) {
    this.#become(open, open.expiresIn);
  }

  /** Another phone has tried its code. @param {string} attemptId */
  warn(attemptId) {
    if (this.attempt?.attemptId === attemptId) {
      this.#say(say('attempt.wrongPhone'), true);
    }
  }

  /** A newer attempt has taken the place of this one; its code is on the way. */
  succeed() {
    this.#succeededAt ??= performance.now();
  }

  /** Shows it again after the user has hidden it. */
  open() {
    if (this.attempt && !this.isOpen) {
      this.element.showModal();
      this.#acts.change();
      this.#look();
    }
  }

  close() {
    this.attempt = undefined;
    this.#succeededAt = undefined;
    this.#code.clear();
    if (this.isOpen) {
      this.element.close(); // which tells of the change
    } else {
      this.#acts.change();
    }
  }

  /**
   * @param {any} message whose members say all but when it ends
   * @param {number} expiresIn seconds
   */
  #become({ attemptId, checkCode, device }, expiresIn) {
    const previous = this.attempt?.attemptId;
    this.attempt = { attemptId, checkCode, device, endsAt: performance.now() + expiresIn * 1000 };
    if (previous === attemptId) {
      return;
    }
    this.#succeededAt = undefined;
    this.#code.attempt(attemptId);
    this.#say(previous ? say('attempt.newer') : '');
    const { name, platform, address } = device;
    this.#name.textContent = name ?? say('device.unknown');
    this.#claims.textContent = platform ? say('attempt.claims', { platform, address }) : say('attempt.address', { address });
    this.#check.textContent = checkCode;
    if (this.isOpen) {
      this.#acts.change();
    } else {
      this.open();
    }
    this.#look();
  }

  /** Once a second, and when the page comes to the front: the time left, and whether the code wants renewing. */
  #look = () => {
    if (!this.attempt) {
      return;
    }
    const { attemptId, endsAt } = this.attempt;
    const left = endsAt - performance.now();
    if (left <= 0) {
      this.#acts.over(attemptId, 'expired');
    } else if (this.#succeededAt !== undefined && performance.now() - this.#succeededAt > SUCCESSION) {
      this.#acts.over(attemptId, 'replaced');
    } else {
      this.#time.textContent = say('attempt.time', { time: clock(left) });
      this.#code.look();
    }
  };

  get #isWatched() {
    return this.isOpen && this.#acts.isConnected() && document.visibilityState === 'visible' && this.#succeededAt === undefined;
  }

  async #decline() {
    const { attemptId } = /** @type {Attempt} */ (this.attempt);
    try {
      await this.#acts.decline(attemptId);
      this.#acts.over(attemptId, 'declined');
    } catch (error) {
      this.#say(explainAll(error), true);
    }
  }

  /** No fresh code is to be had. @param {import('../common/api.js').Refusal} refusal */
  #refused(refusal) {
    if (this.attempt && refusal.code in OUTCOMES) {
      this.#acts.over(this.attempt.attemptId, OUTCOMES[refusal.code]);
    }
  }

  /** @param {string} text @param {boolean} [isAlarm] */
  #say(text, isAlarm = false) {
    this.#note.hidden = !text;
    this.#note.classList.toggle('alarm', isAlarm);
    this.#note.textContent = text;
  }
}
