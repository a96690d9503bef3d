import { h } from './dom.js';
import { clock, say } from './texts.js';

/** So much more than a moment ago is no rounding, but more time. */
const LEAP = 10_000;

/**
 * The time that is left: each second for the eyes; for the ears only at each minute, half a minute before the end, and when it is more
 * again.
 */
export class Countdown {
  #said = Infinity;
  #left = Infinity;
  #eyes = h('span', { 'aria-hidden': 'true' });
  #ears = h('span', { class: 'hidden-visually', role: 'status' });

  element = h('p', { class: 'time' }, this.#eyes, this.#ears);

  /**
   * @param {import('./texts.js').TextKey} key with `{time}`
   * @param {number} left milliseconds
   */
  show(key, left) {
    this.#eyes.textContent = say(key, { time: clock(left) });
    const mark = left > 60_000 ? Math.ceil(left / 60_000) : left > 30_000 ? 1 : 0.5;
    const isMore = left > this.#left + LEAP;
    this.#left = left;
    if (mark < this.#said || isMore) { // a fresh code may bring a second more than was left
      this.#ears.textContent = this.#said === Infinity ? '' : this.#eyes.textContent;
      this.#said = mark;
    }
  }

  /** The next span is another one. */
  restart() {
    this.#said = this.#left = Infinity;
  }
}
