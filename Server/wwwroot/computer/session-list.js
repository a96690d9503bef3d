import { asRefusal, call, serverNow } from '../common/api.js';
import { h, once } from '../common/dom.js';
import { ago, deviceName, explainAll, say } from '../common/texts.js';

/**
 * @typedef {{
 *   id: string, kind: string, current: boolean, parentId: string | null, device: { name: string | null, platform: string | null },
 *   address: string, createdAt: string, lastSeenAt: string,
 * }} Session
 */

const MINUTE = 60_000;

/** The account's live sessions: each computer, below it the phones that it admitted, and the end of each. */
export class SessionList {
  #signedOut;
  #title = h('h2', { id: 'sessions-title', tabindex: '-1' }, say('sessions.title'));
  #list = h('div', { class: 'sessions' });
  #news = h('p', { class: 'note', hidden: true });
  #fault = h('p', { class: 'note alarm', role: 'alert', hidden: true });
  #isLoading = false;
  #isStale = false;
  /** Says anew how long ago things were, for each row. @type {(() => void)[]} */
  #ages = [];
  #aging = 0;

  /** @param {() => void} signedOut when it turns out that this session has ended */
  constructor(signedOut) {
    this.#signedOut = signedOut;
    this.element = h('section', { 'aria-labelledby': 'sessions-title' }, this.#title, this.#news, this.#fault, this.#list);
  }

  /** Fetches and shows them; asked for meanwhile, once more. */
  async load() {
    this.#isStale = true;
    if (this.#isLoading) {
      return;
    }
    this.#isLoading = true;
    try {
      while (this.#isStale) {
        this.#isStale = false;
        this.#show((await call('GET', '/api/sessions')).sessions);
      }
    } catch (error) {
      this.#refused(error);
    } finally {
      this.#isLoading = false;
    }
  }

  /** @param {Session[]} sessions newest first */
  #show(sessions) {
    this.#ages = [];
    const here = sessions.find(({ current }) => current);
    const computers = sessions.filter(({ kind }) => kind === 'web').sort((a, b) => Number(b.current) - Number(a.current));
    const phones = sessions.filter(({ kind }) => kind === 'mobile');
    const isNew = (/** @type {Session} */ phone) => here !== undefined && phone.createdAt >= here.createdAt;
    const rows = (/** @type {Session[]} */ some) => h('ul', {}, ...some.map((phone) => this.#row(phone, isNew(phone))));
    const groups = computers.map((computer) => {
      const admitted = phones.filter(({ parentId }) => parentId === computer.id);
      return this.#row(computer, false, admitted.length > 0 ? rows(admitted) : undefined);
    });
    const orphans = phones.filter(({ parentId }) => !computers.some(({ id }) => id === parentId));
    clearTimeout(this.#aging);
    this.#aging = setTimeout(() => this.#age(), MINUTE);
    const focused = this.#list.querySelector(':focus')?.id;
    this.#list.replaceChildren(
      h('ul', {}, ...groups, orphans.length > 0 && h('li', {}, h('p', { class: 'heading' }, say('sessions.orphans')), rows(orphans))),
      phones.length === 0 ? h('p', { class: 'none' }, say('sessions.none')) : '');
    if (focused) { // the button is another one, or gone, and the focus would fall back to the top of the page
      (document.getElementById(focused) ?? this.#title).focus();
    }
    const added = phones.filter(isNew).length;
    this.#fault.hidden = true;
    this.#news.hidden = added === 0;
    this.#news.textContent = here === undefined ? ''
      : say(added === 1 ? 'sessions.new.one' : 'sessions.new.other', { count: added, ago: since(here.createdAt) });
  }

  /**
   * @param {Session} session
   * @param {boolean} isNew
   * @param {HTMLElement} [admitted] the phones of a computer
   */
  #row(session, isNew, admitted) {
    const device = deviceName(session.device);
    const detail = h('p', { class: 'detail' });
    const age = () => {
      detail.textContent = `${say('sessions.admitted', { ago: since(session.createdAt) })} · `
        + say('sessions.seen', { ago: since(session.lastSeenAt), address: session.address });
    };
    age();
    this.#ages.push(age);
    return h('li', { class: session.kind },
      h('div', { class: 'session' },
        h('div', { class: 'what' },
          h('p', {}, h('strong', {}, device),
            session.current && h('span', { class: 'badge' }, say('sessions.this')),
            isNew && h('span', { class: 'badge new' }, say('sessions.badge'))),
          detail),
        h('div', { class: 'acts' },
          this.#endButton(session, device, false),
          admitted && this.#endButton(session, device, true))),
      admitted);
  }

  /**
   * @param {Session} session
   * @param {string} device
   * @param {boolean} withPhones
   */
  #endButton(session, device, withPhones) {
    const act = once(async () => {
      try {
        await call('DELETE', `/api/sessions/${session.id}${withPhones ? '?admitted=true' : ''}`);
        await (session.current ? this.#signedOut() : this.load());
      } catch (error) {
        this.#refused(error);
      }
    });
    const words = say(withPhones ? 'sessions.endAll' : 'sessions.end');
    const id = `end-${session.id}${withPhones ? '-all' : ''}`;
    return h('button', { id, type: 'button', class: 'quiet', 'aria-label': `${words}: ${device}`, onclick: act }, words);
  }

  #age() {
    if (this.element.isConnected) {
      this.#ages.forEach((age) => age());
      this.#aging = setTimeout(() => this.#age(), MINUTE);
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    if (!this.element.isConnected) {
      return; // the page has gone on to something else
    }
    if (asRefusal(error).status === 401) {
      this.#signedOut();
      return;
    }
    this.#fault.textContent = explainAll(error);
    this.#fault.hidden = false;
  }
}

/** @param {string} time RFC 3339 */
const since = (time) => ago(serverNow() - Date.parse(time));
