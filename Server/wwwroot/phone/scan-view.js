import { asRefusal } from '../common/api.js';
import { h } from '../common/dom.js';
import { around, clock, say } from '../common/texts.js';
import { redeem, ticketIn } from './flow.js';
import { Camera, CameraFault, read } from './scanner.js';

/** Refusals of one code, after which another one may still be scanned. */
const TRY_ANOTHER = /** @type {Record<string, import('../common/texts.js').TextKey>} */ ({
  ticket_expired: 'phone.scan.stale', invalid_ticket: 'phone.scan.refused',
});

/**
 * The check code and the camera, or a photo. Every code is sent once.
 * @param {import('./store.js').Attempt} attempt
 * @param {{
 *   signedIn: () => void,
 *   refused: (refusal: import('../common/api.js').Refusal, again: () => void) => void,
 *   cancelled: () => void,
 * }} acts `again`: the same code once more
 * @returns {{ element: HTMLElement, stop: () => void }}
 */
export function scanView(attempt, acts) {
  /** @type {Set<string>} */
  const tried = new Set();
  let isBusy = false;
  const camera = new Camera(found, failed);
  const hint = h('p', { class: 'hint', role: 'status' }, say('phone.scan.opening'));
  const time = h('p', { class: 'time' });
  const useCamera = h('button', { type: 'button', hidden: true, onclick: start }, say('phone.scan.camera'));
  const photo = h('input', { type: 'file', accept: 'image/*', id: 'photo', class: 'hidden-visually', onchange: readPhoto });
  const finder = h('div', { class: 'finder' }, camera.video, h('div', { class: 'frame' }));
  const [before, after] = around('phone.scan.check');
  camera.video.addEventListener('playing', () => {
    finder.classList.add('live');
    tell('phone.scan.looking');
  });
  const tick = setInterval(count, 1000);

  /** @param {import('../common/texts.js').TextKey} key */
  function tell(key) {
    hint.textContent = say(key);
  }

  function start() {
    useCamera.hidden = true;
    finder.hidden = false;
    tell('phone.scan.opening');
    camera.start();
  }

  function stop() {
    clearInterval(tick);
    camera.stop();
  }

  function count() {
    const left = attempt.endsAt - Date.now();
    time.textContent = say('phone.scan.time', { time: clock(left) });
    if (left <= 0) {
      stop();
      acts.refused(/** @type {any} */ ({ code: 'attempt_expired' }), () => {});
    }
  }

  /** @param {string[]} texts what the codes in the picture say */
  function found(texts) {
    const tickets = texts.map(ticketIn).filter((ticket) => ticket !== undefined);
    const fresh = tickets.find((ticket) => !tried.has(ticket));
    if (fresh && !isBusy) {
      send(fresh);
    } else if (tickets.length === 0) {
      tell('phone.scan.other');
    }
  }

  /** @param {string} ticket */
  async function send(ticket) {
    isBusy = true;
    tried.add(ticket);
    tell('phone.redeeming');
    try {
      await redeem(attempt, ticket);
      stop();
      acts.signedIn();
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.code in TRY_ANOTHER) {
        tell(TRY_ANOTHER[refusal.code]);
      } else {
        stop();
        acts.refused(refusal, () => send(ticket));
      }
    } finally {
      isBusy = false;
    }
  }

  /** @param {Error} fault */
  function failed(fault) {
    finder.hidden = true;
    useCamera.hidden = false;
    hint.textContent = say(fault instanceof CameraFault ? `phone.camera.${fault.reason}` : 'phone.scanner.missing');
  }

  async function readPhoto() {
    const [file] = photo.files ?? [];
    photo.value = '';
    if (!file) {
      return;
    }
    try {
      const picture = await createImageBitmap(file).catch(() => undefined);
      const texts = picture ? await read(picture) : [];
      if (texts.length > 0) {
        texts.map(ticketIn).forEach((ticket) => ticket && tried.delete(ticket)); // who takes a photo wants it sent
        found(texts);
      } else {
        tell('phone.scan.noCode');
      }
    } catch {
      tell('phone.scanner.missing');
    }
  }

  count();
  start();
  const element = h('section', { class: 'scan' },
    h('h1', { tabindex: '-1' }, say('phone.scan.title')),
    h('p', { class: 'check' }, before, h('strong', { class: 'digits' }, attempt.checkCode), after),
    finder, hint,
    h('div', { class: 'acts' }, useCamera, photo, h('label', { for: 'photo', class: 'button' }, say('phone.scan.photo')),
      h('button', { type: 'button', class: 'quiet', onclick: () => { stop(); acts.cancelled(); } }, say('phone.scan.cancel'))),
    time);
  return { element, stop };
}
