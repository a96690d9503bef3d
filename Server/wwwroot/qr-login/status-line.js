import { h } from '../common/dom.js';
import { say } from '../common/texts.js';

/** How the connection stands, what it answers for, and whether a phone waits behind a dialog that the user has hidden. */
export class StatusLine {
  /** @type {import('./connection.js').Connection | undefined} */
  #connection;
  #tick = 0;

  #headline = h('p', { class: 'headline' });
  #detail = h('p', { class: 'detail' });
  #wait = h('p', { class: 'detail' });
  #identifiers = h('ul', { class: 'identifiers', 'aria-label': say('status.identifiers') });
  #reconnect;
  #show;

  /** @param {{ reconnect: () => void, show: () => void }} acts */
  constructor({ reconnect, show }) {
    this.#reconnect = h('button', { type: 'button', part: 'button', onclick: reconnect, hidden: true });
    this.#show = h('button', { type: 'button', class: 'primary', part: 'button', onclick: show, hidden: true }, say('status.showCode'));
    this.element = h('section', { class: 'status', part: 'status' },
      h('div', { role: 'status' }, this.#headline, this.#detail),
      this.#wait, this.#identifiers,
      h('div', { class: 'acts' }, this.#show, this.#reconnect));
  }

  /** @param {import('./connection.js').Connection} connection */
  connection(connection) {
    this.#connection = connection;
    clearInterval(this.#tick);
    const { state } = connection;
    this.element.dataset.state = state;
    switch (state) {
      case 'connecting':
        return this.#tell(say('status.connecting'), '');
      case 'ready':
        return this.#tell(say('status.ready'), say('status.ready.help'));
      case 'waiting':
        this.#tell(navigator.onLine ? say('status.waiting') : say('status.offline'), say('status.waiting.help'), say('status.now'));
        this.#tick = setInterval(() => this.#countDown(), 500);
        return this.#countDown();
      case 'replaced':
        return this.#tell(say('status.replaced'), say('status.replaced.help'), say('status.useThis'));
      case 'broken':
        return this.#tell(say('status.broken'), say('status.broken.help'), say('status.now'));
      default:
        return this.#tell(say('status.closed'), '');
    }
  }

  /** @param {{ kind: string, masked: string }[]} identifiers */
  identifiers(identifiers) {
    this.#identifiers.replaceChildren(...(identifiers.length > 0
      ? identifiers.map(({ kind, masked }) => h('li', {}, h('span', {}, say(kindKey(kind))), h('span', { class: 'masked' }, masked)))
      : [h('li', { class: 'none' }, say('status.noIdentifiers'))]));
  }

  /** @param {boolean} isHidden whether a phone waits that the user does not see */
  waiting(isHidden) {
    this.#show.hidden = !isHidden;
  }

  /**
   * @param {string} headline
   * @param {string} detail
   * @param {string} [act] the button's words, where there is something to press
   */
  #tell(headline, detail, act = '') {
    this.#headline.textContent = headline;
    this.#detail.textContent = detail;
    this.#wait.textContent = '';
    this.#reconnect.textContent = act;
    this.#reconnect.hidden = !act;
  }

  #countDown() {
    const seconds = Math.max(0, Math.ceil((/** @type {any} */ (this.#connection).retryAt - Date.now()) / 1000));
    this.#wait.textContent = say('status.retry', { seconds });
  }
}

/** @param {string} kind */
const kindKey = (kind) => /** @type {import('../common/texts.js').TextKey} */ (`kind.${kind}`);
