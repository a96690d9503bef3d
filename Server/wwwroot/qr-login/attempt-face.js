import { Countdown } from '../common/countdown.js';
import { h } from '../common/dom.js';
import { around, say } from '../common/texts.js';

/**
 * What the dialog shows of an attempt, apart from its code: who asks, the check code, the time left, a note, and the two answers. The note
 * stands below the code, which nothing may move while somebody points a phone at it.
 */
export class AttemptFace {
  #name = h('strong', { class: 'name' });
  #claims = h('span', { class: 'claims' });
  #check = h('strong', { class: 'digits', part: 'digits' });
  #time = new Countdown();
  #code = '';
  #typed = h('p', { class: 'typed', hidden: true });
  #type = h('button', {
    type: 'button', class: 'link', 'aria-expanded': 'false', onclick: () => this.#showTyped(this.#typed.hidden === true),
  }, say('attempt.type'));
  #note = h('p', { class: 'note', role: 'alert', hidden: true });

  /**
   * @param {HTMLElement} code
   * @param {{ decline: () => void, hide: () => void, extend: () => void }} acts
   */
  constructor(code, { decline, hide, extend }) {
    const [before, after] = around('attempt.check');
    this.elements = [
      h('div', { class: 'ask' },
        h('h2', { id: 'title', tabindex: '-1', autofocus: true }, say('attempt.title')),
        h('p', { class: 'who' }, this.#name, this.#claims),
        h('p', { class: 'check' }, before, this.#check, after)),
      code,
      h('div', { class: 'answer' },
        h('div', { class: 'more' },
          this.#time.element, h('button', { type: 'button', class: 'link', onclick: extend }, say('attempt.more'))),
        this.#note,
        h('div', { class: 'acts' },
          h('button', { type: 'button', class: 'deny', part: 'button', onclick: decline }, say('attempt.notMe')),
          h('button', { type: 'button', class: 'quiet', part: 'button', onclick: hide }, say('attempt.hide'))),
        this.#type, this.#typed,
        h('p', { class: 'advice' }, say('attempt.advice'))),
    ];
  }

  /** @param {import('./attempt-dialog.js').Attempt} attempt */
  show({ checkCode, device: { name, platform, address } }) {
    this.#name.textContent = name ?? say('device.unknown');
    this.#claims.textContent = platform ? say('attempt.claims', { platform, address }) : say('attempt.address', { address });
    this.#check.textContent = checkCode;
    this.#time.restart();
    this.typedCode('');
  }

  /** For who cannot scan; shown on request, and read out letter by letter. @param {string} code `XXXX-XXXX`; empty without */
  typedCode(code) {
    if (!code) {
      this.#showTyped(false);
    }
    if (code === this.#code) {
      return; // it comes again with each fresh code, and somebody may be reading it letter by letter
    }
    this.#code = code;
    this.#type.hidden = !code;
    this.#typed.replaceChildren(say('attempt.typed'), ' ',
      h('strong', { 'aria-hidden': 'true' }, code), h('span', { class: 'hidden-visually' }, [...code].join(' ')));
  }

  /** @param {boolean} isShown */
  #showTyped(isShown) {
    this.#typed.hidden = !isShown;
    this.#type.ariaExpanded = String(isShown);
  }

  /** @param {number} left milliseconds */
  time(left) {
    this.#time.show('attempt.time', left);
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
