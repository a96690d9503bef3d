import { h } from './dom.js';
import { clock, say } from './texts.js';

/**
 * The time that is left: each second for the eyes; for the ears only at each minute, and half a minute before the end.
 */
export class Countdown {
  #said = Infinity;
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
    if (mark < this.#said) { // a fresh code may bring a second more than was left
      this.#ears.textContent = this.#said === Infinity ? '' : this.#eyes.textContent;
      this.#said = mark;
    }
  }

  /** The next span is another one. */
  restart() {
    this.#said = Infinity;
  }
}
