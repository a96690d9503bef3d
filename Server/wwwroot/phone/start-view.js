import { asRefusal } from '../common/api.js';
import { h, once } from '../common/dom.js';
import { around, explain, say } from '../common/texts.js';
import { unsent } from '../common/unsent.js';
import { identify } from './flow.js';
import { loadDetector } from './scanner.js';
import { installId, number } from './store.js';

/**
 * Who is this phone? Asked once and remembered.
 * @param {{ asked: (attempt: import('./store.js').Attempt) => void }} acts
 */
export function startView({ asked }) {
  const known = number.get();
  const typed = unsent('number');
  const isAsked = known === undefined || typed !== undefined;
  const field = h('input', {
    id: 'number', name: 'tel', dir: 'ltr', type: 'tel', autocomplete: 'tel', 'aria-describedby': 'number-help',
    placeholder: say('phone.number.example'), value: typed ?? known,
  });
  const fault = h('p', { class: 'note alarm', role: 'alert', hidden: true });
  const submit = h('button', { class: 'primary' }, say('phone.submit'));
  const send = once(async () => {
    submit.textContent = say('phone.asking');
    fault.hidden = true;
    loadDetector().catch(() => {}); // while the server looks; the camera asks again
    try {
      const given = clean(field.value);
      const attempt = await identify(given);
      number.set(given);
      asked(attempt);
    } catch (error) {
      refused(asRefusal(error));
    } finally {
      submit.textContent = say('phone.submit');
    }
  });
  const ask = h('div', { class: 'ask', hidden: !isAsked },
    h('label', { for: 'number' }, say('phone.number')), field,
    h('p', { class: 'detail', id: 'number-help' }, say('phone.number.help'), ' ', say('phone.number.optional')));
  const [before, after] = around('phone.as');
  const asks = h('p', { class: 'asks', hidden: isAsked },
    ...(known ? [before, h('bdi', { dir: 'ltr' }, known), after] : [say('phone.asInstall')]), ' ',
    h('button', { type: 'button', class: 'link', onclick: change }, say('phone.change')));

  function change() {
    ask.hidden = false;
    asks.hidden = true;
    field.focus();
  }

  /** @param {import('../common/api.js').Refusal} refusal */
  function refused(refusal) {
    const isNumber = refusal.code === 'invalid_request' && 'identifiers[1].value' in refusal.errors;
    const { title, help } = explain(refusal);
    fault.replaceChildren(...(isNumber ? [say('phone.number.wrong')] : [h('strong', {}, title), ' ', help]));
    fault.hidden = false;
    if (isNumber) {
      change();
    }
  }

  return h('form', { class: 'start', onsubmit: send },
    h('h1', { tabindex: '-1' }, say('phone.start.title')),
    h('p', { class: 'lead' }, say('phone.start.lead', { origin: location.origin })),
    ask, asks, fault, submit, installDetails());
}

/** What is pasted from contacts may hold marks that nobody sees, and other hyphens. @param {string} typed */
const clean = (typed) => typed.normalize('NFKC').replace(/\p{Cf}/gu, '').replace(/\p{Pd}/gu, '-').trim();

function installDetails() {
  const id = installId();
  const copied = h('span', { role: 'status' });
  const copy = async () => {
    await navigator.clipboard.writeText(id);
    copied.textContent = say('phone.install.copied');
  };
  return h('details', {}, h('summary', {}, say('phone.install')),
    h('p', { class: 'detail' }, say('phone.install.help')),
    h('p', {}, h('code', {}, id)),
    h('p', {}, h('button', { type: 'button', class: 'quiet', onclick: copy }, say('phone.install.copy')), ' ', copied));
}
