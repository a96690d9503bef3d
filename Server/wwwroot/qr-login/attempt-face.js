import { h } from '../common/dom.js';
import { around, clock, say } from '../common/texts.js';

/**
 * What the dialog shows of an attempt, apart from its code: who asks, the check code, the time left, a note, and the two answers. The note
 * stands below the code, which nothing may move while somebody points a phone at it.
 */
export class AttemptFace {
  #name = h('strong', { class: 'name' });
  #claims = h('span', { class: 'claims' });
  #check = h('strong', { class: 'digits' });
  #time = h('p', { class: 'time' });
  #note = h('p', { class: 'note', role: 'alert', hidden: true });

  /**
   * @param {HTMLElement} code
   * @param {{ decline: (event: Event) => void, hide: () => void }} acts
   */
  constructor(code, { decline, hide }) {
    const [before, after] = around('attempt.check');
    this.elements = [
      h('div', { class: 'ask' },
        h('h2', { id: 'title', tabindex: '-1', autofocus: true }, say('attempt.title')),
        h('p', { class: 'who' }, this.#name, this.#claims),
        h('p', { class: 'check' }, before, this.#check, after)),
      code,
      h('div', { class: 'answer' },
        this.#time,
        this.#note,
        h('div', { class: 'acts' },
          h('button', { type: 'button', class: 'deny', onclick: decline }, say('attempt.notMe')),
          h('button', { type: 'button', class: 'quiet', onclick: hide }, say('attempt.hide'))),
        h('p', { class: 'advice' }, say('attempt.advice'))),
    ];
  }

  /** @param {import('./attempt-dialog.js').Attempt} attempt */
  show({ checkCode, device: { name, platform, address } }) {
    this.#name.textContent = name ?? say('device.unknown');
    this.#claims.textContent = platform ? say('attempt.claims', { platform, address }) : say('attempt.address', { address });
    this.#check.textContent = checkCode;
  }

  /** @param {number} left milliseconds */
  time(left) {
    this.#time.textContent = say('attempt.time', { time: clock(left) });
  }

  /**
   * @param {string} text none when empty
   * @param {boolean} [isAlarm]
   */
  note(text, isAlarm = false) {
    this.#note.hidden = !text;
    this.#note.classList.toggle('alarm', isAlarm);
    this.#note.textContent = text;
  }
}
