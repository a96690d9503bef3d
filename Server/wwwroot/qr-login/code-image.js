import { asRefusal, call } from '../common/api.js';
import { h } from '../common/dom.js';
import { say } from '../common/texts.js';

/** How long before its end a code is renewed: at 45 s of its 60. */
const MARGIN = 15_000;
/** How long the code itself may take to arrive after it was granted. */
const ARRIVAL = 3_000;
const RETRY = 2_000;

/**
 * The QR code of an attempt: always one that can still be scanned, as long as somebody looks. A hidden page asks for none, and of several
 * pages that show the same attempt one asks for all.
 */
export class CodeImage {
  #acts;
  /** @type {string | undefined} */
  #attemptId;
  /** When the code on the screen ends, as `Date.now()`; 0 without one. */
  #endsAt = 0;
  /** Not before this time is a fresh one asked for. */
  #notBefore = 0;
  #isAsking = false;
  #isSpent = false;
  #arrived = () => {};

  #image = h('img', { alt: '', width: '296', height: '296' });
  #veil = h('div', { class: 'veil' });

  /**
   * @param {{
   *   refused: (refusal: import('../common/api.js').Refusal) => void,
   *   isWatched: () => boolean,
   *   excuse: () => string,
   * }} acts `excuse`: what stands where the code would, when there is none
   */
  constructor(acts) {
    this.#acts = acts;
    this.#image.hidden = true;
    this.element = h('div', { class: 'code', part: 'code' }, this.#image, this.#veil);
  }

  /** Another attempt: without a code as yet. @param {string} attemptId */
  attempt(attemptId) {
    this.clear();
    this.#attemptId = attemptId;
  }

  clear() {
    this.#attemptId = undefined;
    this.#endsAt = this.#notBefore = 0;
    this.#isSpent = false;
    this.#image.hidden = true;
    this.#image.removeAttribute('src');
    this.#cover('');
    this.#arrived();
  }

  /** @param {{ attemptId: string, image: string, expiresIn: number, device: { name: string | null } }} qr */
  async show({ attemptId, image, expiresIn, device }) {
    const endsAt = this.#endsAt = Date.now() + expiresIn * 1000;
    this.#notBefore = 0;
    this.#isSpent = false;
    const next = new Image();
    next.src = image;
    await next.decode().catch(() => {}); // so that the old code stays until the new one can be drawn
    if (attemptId !== this.#attemptId || endsAt !== this.#endsAt) {
      return; // there is a newer one
    }
    this.#image.src = image;
    this.#image.alt = say('code.alt', { name: device.name ?? say('device.unknown') });
    this.#image.hidden = false;
    this.#cover('');
    this.#arrived();
  }

  /** Renews the code when it is time, and covers one that has expired. */
  look() {
    const isAsked = this.#acts.isWatched() && this.#isStale && Date.now() > this.#notBefore;
    if (isAsked) {
      this.#renew();
    }
    if (Date.now() > this.#endsAt) {
      this.#cover(this.#isSpent ? say('code.spent') : this.#acts.excuse());
    }
  }

  get #isStale() {
    return Date.now() > this.#endsAt - MARGIN;
  }

  async #renew() {
    if (this.#isAsking) {
      return;
    }
    const attemptId = this.#attemptId;
    this.#isAsking = true;
    try {
      await navigator.locks.request('qr-login-fresh-code', async () => {
        if (this.#isStale && attemptId === this.#attemptId) {
          const arrival = new Promise((resolve) => { // it may be here before the answer
            this.#arrived = () => resolve(undefined);
          });
          await call('POST', `/api/login/${attemptId}/qr`);
          await Promise.race([arrival, new Promise((resolve) => setTimeout(resolve, ARRIVAL))]);
        }
      });
    } catch (error) {
      if (attemptId === this.#attemptId) {
        this.#refused(asRefusal(error));
      }
    } finally {
      this.#isAsking = false;
    }
  }

  /** @param {import('../common/api.js').Refusal} refusal */
  #refused(refusal) {
    this.#notBefore = Date.now() + (refusal.retryAfter ? refusal.retryAfter * 1000 : RETRY);
    this.#isSpent ||= refusal.code === 'too_many_requests';
    this.#acts.refused(refusal);
  }

  /** @param {string} text what stands where the code would; nothing uncovers it */
  #cover(text) {
    this.#veil.textContent = text;
    this.element.classList.toggle('covered', text !== '');
  }
}
