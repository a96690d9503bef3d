import { asRefusal } from '../common/api.js';
import { h, once } from '../common/dom.js';
import { around, say } from '../common/texts.js';
import { redeem, typedCode } from './flow.js';
import { timeLeft } from './time-left.js';

/** After so many the server takes none any more, right or wrong. */
const MOST_WRONG = 5;
/** How many were wrong, by attempt. @type {Map<string, number>} */
const wrong = new Map();

/**
 * For who cannot scan: the code that the computer shows on request, typed.
 * @param {import('./store.js').Attempt} attempt
 * @param {{
 *   signedIn: () => void,
 *   refused: (refusal: import('../common/api.js').Refusal, code: import('./flow.js').Code) => void,
 *   scan: () => void,
 * }} acts
 * @param {string} [typed] so far
 * @returns {{ element: HTMLElement, stop: () => void }}
 */
export function typeView(attempt, { signedIn, refused, scan }, typed = '') {
  const field = h('input', {
    id: 'code', name: 'code', dir: 'ltr', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false',
    'aria-describedby': 'code-help', placeholder: 'XXXX-XXXX', value: typed,
  });
  const fault = h('p', { class: 'note alarm', role: 'alert', hidden: true });
  const [before, after] = around('phone.type.check');
  const time = timeLeft(attempt, (refusal) => refused(refusal, { ticket: '' }));

  /** @param {'phone.type.wrong' | 'phone.type.refused' | 'phone.type.dead'} key */
  function tell(key) {
    fault.textContent = say(key);
    fault.hidden = false;
    field.focus();
    field.select();
  }

  const send = once(async () => {
    const code = typedCode(field.value);
    if (!code) {
      tell('phone.type.wrong');
      return;
    }
    fault.hidden = true;
    try {
      await redeem(attempt, { typedCode: code });
      signedIn();
    } catch (error) {
      const refusal = asRefusal(error);
      if (!element.isConnected) {
        return; // the user has gone on
      }
      if (refusal.code === 'invalid_ticket') {
        wrong.set(attempt.attemptId, (wrong.get(attempt.attemptId) ?? 0) + 1);
        tell(Number(wrong.get(attempt.attemptId)) < MOST_WRONG ? 'phone.type.refused' : 'phone.type.dead');
      } else {
        refused(refusal, { typedCode: code });
      }
    }
  });

  const element = h('form', { class: 'start', onsubmit: send },
    h('h1', { tabindex: '-1' }, say('phone.type.title')),
    h('p', { class: 'check' }, before, h('strong', { class: 'digits' }, attempt.checkCode), after),
    h('div', { class: 'ask' },
      h('label', { for: 'code' }, say('phone.type.field')), field,
      h('p', { class: 'detail', id: 'code-help' }, say('phone.type.help'))),
    fault,
    h('button', { class: 'primary' }, say('phone.submit')),
    h('button', { type: 'button', class: 'quiet', onclick: scan }, say('phone.type.scan')),
    time.element);
  return { element, stop: time.stop };
}
