import { h } from '../common/dom.js';
import { explainAll, say } from '../common/texts.js';
import { AttemptFace } from './attempt-face.js';
import { CodeImage } from './code-image.js';

/**
 * An attempt as the page keeps it; `endsAt`: as `Date.now()`, which goes on while the computer sleeps.
 * @typedef {{ name: string | null, platform: string | null, address: string }} Device
 * @typedef {{ attemptId: string, endsAt: number, checkCode: string, device: Device }} Attempt
 */

/** How long a newer attempt's code may follow the news that it took the place of this one. */
const SUCCESSION = 3_000;

/** What has become of an attempt, by the code of the refusal to show it. */
const OUTCOMES = /** @type {Record<string, string>} */ ({
  declined: 'declined', superseded: 'replaced', attempt_expired: 'expired', already_redeemed: 'redeemed', not_found: 'gone',
});

/** The dialog in which a phone asks. One attempt at a time; a newer one takes the place of an older one. */
export class AttemptDialog {
  /** @type {Attempt | undefined} */
  attempt;

  #acts;
  #code;
  #face;
  #tick = 0;
  /** Those whose "Not me" is on its way. @type {Set<string>} */
  #declining = new Set();
  /** When a newer attempt took its place, whose code has not come yet. @type {number | undefined} */
  #succeededAt;

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
    this.#face = new AttemptFace(this.#code.element, {
      decline: () => this.#decline(), hide: () => this.element.close(), renew: () => this.#renew(),
    });
    this.element = h('dialog', { part: 'dialog', 'aria-labelledby': 'title', onclose: () => acts.change() }, ...this.#face.elements);
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
    this.#face.typedCode(qr.typedCode);
    this.#code.show(qr);
    this.#look();
  }

  /**
   * An attempt that was open before this connection was: its code is asked for.
   * @param {any} open one of the welcome's `openAttempts`
   */
  take(open) {
    this.#become(open, open.expiresIn);
    this.#look();
  }

  /** Another phone has tried its code: that is worth seeing. @param {string} attemptId */
  warn(attemptId) {
    if (this.attempt?.attemptId === attemptId) {
      this.#face.note(say('attempt.wrongPhone'), true);
      this.open();
    }
  }

  /** A newer attempt has taken the place of this one; its code is on the way. */
  succeed() {
    this.#succeededAt ??= Date.now();
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
    this.attempt = { attemptId, checkCode, device, endsAt: Date.now() + expiresIn * 1000 };
    if (previous === attemptId) {
      return;
    }
    this.#succeededAt = undefined;
    this.#code.attempt(attemptId);
    this.#face.show(this.attempt);
    this.#face.note(previous ? say('attempt.newer') : '');
    if (!this.isOpen) {
      this.element.showModal();
    }
    this.#acts.change();
  }

  /** Once a second, and when the page comes to the front: the time left, and whether the code wants renewing. */
  #look = () => {
    if (!this.attempt) {
      return;
    }
    const { attemptId, endsAt } = this.attempt;
    const left = endsAt - Date.now();
    if (left <= 0) {
      this.#acts.over(attemptId, 'expired');
    } else if (this.#succeededAt !== undefined && Date.now() - this.#succeededAt > SUCCESSION) {
      this.#acts.over(attemptId, 'replaced');
    } else {
      this.#face.time(left);
      this.#code.look();
    }
  };

  get #isWatched() {
    return this.isOpen && this.#acts.isConnected() && document.visibilityState === 'visible' && this.#succeededAt === undefined;
  }

  #renew() {
    const excuse = this.#code.renew();
    if (excuse) {
      this.#face.note(say(excuse));
    }
  }

  async #decline() {
    const attemptId = this.attempt?.attemptId;
    if (attemptId === undefined || this.#declining.has(attemptId)) {
      return;
    }
    this.#declining.add(attemptId);
    try {
      await this.#acts.decline(attemptId);
      this.#acts.over(attemptId, 'declined');
    } catch (error) {
      this.#declining.delete(attemptId);
      if (this.attempt?.attemptId === attemptId) {
        this.#face.note(explainAll(error), true);
      }
    }
  }

  /** No fresh code is to be had. @param {import('../common/api.js').Refusal} refusal */
  #refused(refusal) {
    if (this.attempt && refusal.code in OUTCOMES) {
      this.#acts.over(this.attempt.attemptId, OUTCOMES[refusal.code]);
    }
  }
}
