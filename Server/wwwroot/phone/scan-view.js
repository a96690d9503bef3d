import { asRefusal } from '../common/api.js';
import { h } from '../common/dom.js';
import { around, say } from '../common/texts.js';
import { redeem, ticketIn } from './flow.js';
import { Camera, CameraFault, read } from './scanner.js';
import { timeLeft } from './time-left.js';

/** Refusals of one code, after which another one may still be scanned. */
const TRY_ANOTHER = /** @type {Record<string, import('../common/texts.js').TextKey>} */ ({
  ticket_expired: 'phone.scan.stale', invalid_ticket: 'phone.scan.refused',
});

/** @typedef {(refusal: import('../common/api.js').Refusal, code: import('./flow.js').Code) => void} Refused */

/** The check code and the camera, or a photo, until a code has made a session, or the attempt is over. Every code is sent once. */
export class ScanView {
  #attempt;
  #acts;
  /** @type {Set<string>} */
  #tried = new Set();
  #isBusy = false;
  #isOver = false;
  #camera = new Camera((texts) => this.#found(texts), (fault) => this.#failed(fault));

  #hint = h('p', { class: 'hint', role: 'status' });
  #time;
  #finder = h('div', { class: 'finder' }, this.#camera.video, h('div', { class: 'frame' }));
  #useCamera = h('button', { type: 'button', hidden: true, onclick: () => this.#reopen() }, say('phone.scan.camera'));
  #photo = h('input', { type: 'file', accept: 'image/*', id: 'photo', class: 'hidden-visually', onchange: () => this.#readPhoto() });

  /**
   * @param {import('./store.js').Attempt} attempt
   * @param {{ signedIn: () => void, refused: Refused, typed: () => void, cancelled: () => void }} acts
   */
  constructor(attempt, acts) {
    this.#attempt = attempt;
    this.#acts = acts;
    this.#camera.video.addEventListener('playing', () => {
      this.#finder.classList.add('live');
      this.#tell('phone.scan.looking');
    });
    this.#time = timeLeft(attempt, (refusal) => this.#end(refusal));
    const [before, after] = around('phone.scan.check');
    this.element = h('section', { class: 'scan' },
      h('h1', { tabindex: '-1' }, say('phone.scan.title')),
      h('p', { class: 'check' }, before, h('strong', { class: 'digits' }, attempt.checkCode), after),
      this.#finder, this.#hint,
      h('div', { class: 'acts' },
        this.#useCamera, this.#photo, h('label', { for: 'photo', class: 'button' }, say('phone.scan.photo')),
        h('button', { type: 'button', onclick: () => acts.typed() }, say('phone.scan.type')),
        h('button', { type: 'button', class: 'quiet', onclick: () => acts.cancelled() }, say('phone.scan.cancel'))),
      this.#time.element, h('p', { class: 'detail' }, say('phone.scan.none')));
  }

  start() {
    this.#open();
  }

  stop() {
    this.#isOver = true;
    this.#time.stop();
    this.#camera.stop();
  }

  #open() {
    this.#useCamera.hidden = true;
    this.#finder.hidden = false;
    this.#tell('phone.scan.opening');
    this.#camera.start();
  }

  /** The button that was pressed is gone: its user goes on at the title. */
  #reopen() {
    this.#open();
    this.element.querySelector('h1')?.focus();
  }

  /** @param {import('../common/texts.js').TextKey} key */
  #tell(key) {
    this.#hint.textContent = say(key);
  }

  /** @param {import('../common/api.js').Refusal} refusal */
  #end(refusal) {
    if (!this.#isBusy) { // or the answer to the code will say it
      this.#acts.refused(refusal, { ticket: '' });
    }
  }

  /** @param {string[]} texts what the codes in the picture say */
  #found(texts) {
    const tickets = texts.map(ticketIn).filter((ticket) => ticket !== undefined);
    const fresh = tickets.find((ticket) => !this.#tried.has(ticket));
    if (this.#isBusy) {
      return;
    }
    if (fresh) {
      this.#send(fresh);
    } else if (tickets.length === 0) {
      this.#tell('phone.scan.other');
    }
  }

  /** @param {string} ticket */
  async #send(ticket) {
    this.#isBusy = true;
    this.#tried.add(ticket);
    this.#tell('phone.redeeming');
    try {
      await redeem(this.#attempt, { ticket });
      this.#acts.signedIn();
    } catch (error) {
      const refusal = asRefusal(error);
      if (refusal.code in TRY_ANOTHER) {
        this.#tell(TRY_ANOTHER[refusal.code]);
      } else if (!this.#isOver) {
        this.#acts.refused(refusal, { ticket });
      }
    } finally {
      this.#isBusy = false;
    }
  }

  /** @param {Error} fault */
  #failed(fault) {
    this.#camera.stop();
    this.#finder.hidden = true;
    this.#finder.classList.remove('live');
    this.#useCamera.hidden = false;
    this.#hint.textContent = say(fault instanceof CameraFault ? `phone.camera.${fault.reason}` : 'phone.scanner.missing');
  }

  async #readPhoto() {
    const [file] = this.#photo.files ?? [];
    if (!file) {
      return;
    }
    try {
      const picture = await createImageBitmap(file).catch(() => undefined);
      const texts = picture ? await read(picture) : [];
      if (!picture) {
        this.#tell('phone.scan.noPicture');
      } else if (texts.length > 0) {
        texts.map(ticketIn).forEach((ticket) => ticket && this.#tried.delete(ticket)); // who takes a photo wants it sent
        this.#found(texts);
      } else {
        this.#tell('phone.scan.noCode');
      }
    } catch {
      this.#tell('phone.scanner.missing');
    } finally {
      this.#photo.value = ''; // so that the same one can be chosen again
    }
  }
}
