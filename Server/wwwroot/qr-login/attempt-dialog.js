import { h } from '../common/dom.js';
import { explainAll, say } from '../common/texts.js';
import { Answers } from './answers.js';
import { AttemptFace } from './attempt-face.js';
import { CodeImage } from './code-image.js';

/**
 * An attempt as the page keeps it; `endsAt`: as `Date.now()`, which goes on while the computer sleeps.
 * @typedef {{ name: string | null, platform: string | null, address: string }} Device
 * @typedef {{ attemptId: string, endsAt: number, checkCode: string, device: Device }} Attempt
 */

/** How long a newer attempt's code may follow the news that it took the place of this one. */
const SUCCESSION = 3_000;

/** The dialog in which a phone asks. One attempt at a time; a newer one takes the place of an older one. */
export class AttemptDialog {
  /** @type {Attempt | undefined} */
  attempt;

  #acts;
  #code;
  #face;
  #tick = 0;
  /** When a newer attempt took its place, whose code has not come yet. @type {number | undefined} */
  #succeededAt;

  /**
   * @param {{
   *   over: (attemptId: string, outcome: string) => void,
   *   change: () => void,
   *   isConnected: () => boolean,
   * }} acts `over`: it has ended, as far as this page can tell; `change`: of `attempt` or `isOpen`
   */
  constructor(acts) {
    this.#acts = acts;
    const answers = new Answers(acts.over);
    this.#code = new CodeImage({
      refused: (refusal) => this.attempt && answers.refused(this.attempt.attemptId, refusal),
      isWatched: () => this.#isWatched,
      excuse: () => say(acts.isConnected() ? 'code.coming' : 'code.offline'),
    });
    this.#face = new AttemptFace(this.#code.element, {
      decline: () => this.#answer((attempt) => answers.decline(attempt)),
      extend: () => this.#answer((attempt) => answers.extend(attempt)),
      hide: () => this.element.close(),
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
  #become({ attemptId, checkCode, device, typedCode }, expiresIn) {
    const previous = this.attempt?.attemptId;
    this.attempt = { attemptId, checkCode, device, endsAt: Date.now() + expiresIn * 1000 };
    if (previous !== attemptId) {
      this.#succeededAt = undefined;
      this.#code.attempt(attemptId);
      this.#face.show(this.attempt);
      this.#face.note(previous ? say('attempt.newer') : '');
      if (!this.isOpen) {
        this.element.showModal();
      }
      this.#acts.change();
    }
    if (typedCode) { // a welcome has it only where there are no more codes
      this.#face.typedCode(typedCode);
    }
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

  /** @param {(attempt: Attempt) => Promise<string>} act what the user has pressed; resolves to what there is to say of it */
  async #answer(act) {
    const { attempt } = this;
    if (attempt) {
      const answer = await act(attempt).then((text) => ({ text, isAlarm: false }), (error) => ({ text: explainAll(error), isAlarm: true }));
      if (this.attempt?.attemptId === attempt.attemptId) {
        this.#face.note(answer.text, answer.isAlarm);
      }
    }
  }
}
