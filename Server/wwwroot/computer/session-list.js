import { asRefusal, call, serverNow } from '../common/api.js';
import { h, once } from '../common/dom.js';
import { ago, deviceName, explainAll, say } from '../common/texts.js';

/**
 * @typedef {{
 *   id: string, kind: string, current: boolean, parentId: string | null, device: { name: string | null, platform: string | null },
 *   address: string, createdAt: string, lastSeenAt: string,
 * }} Session
 */

/** The account's live sessions: each computer, below it the phones that it admitted, and the end of each. */
export class SessionList {
  #signedOut;
  #list = h('div', { class: 'sessions' });
  #news = h('p', { class: 'note', hidden: true });
  #fault = h('p', { class: 'note alarm', role: 'alert', hidden: true });
  #isLoading = false;
  #isStale = false;

  /** @param {() => void} signedOut when it turns out that this session has ended */
  constructor(signedOut) {
    this.#signedOut = signedOut;
    this.element = h('section', { 'aria-labelledby': 'sessions-title' },
      h('h2', { id: 'sessions-title' }, say('sessions.title')), this.#news, this.#fault, this.#list);
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
    const here = sessions.find(({ current }) => current);
    const computers = sessions.filter(({ kind }) => kind === 'web').sort((a, b) => Number(b.current) - Number(a.current));
    const phones = sessions.filter(({ kind }) => kind === 'mobile');
    const isNew = (/** @type {Session} */ phone) => here !== undefined && phone.createdAt >= here.createdAt;
    const added = phones.filter(isNew).length;
    const rows = (/** @type {Session[]} */ some) => some.map((phone) => this.#row(phone, isNew(phone)));
    const groups = computers.map((computer) => {
      const admitted = phones.filter(({ parentId }) => parentId === computer.id);
      return h('ul', {}, this.#row(computer, false, admitted), ...rows(admitted));
    });
    const orphans = phones.filter(({ parentId }) => !computers.some(({ id }) => id === parentId));
    this.#list.replaceChildren(
      ...groups,
      orphans.length > 0 ? h('ul', {}, h('li', { class: 'heading' }, say('sessions.orphans')), ...rows(orphans)) : '',
      phones.length === 0 ? h('p', { class: 'none' }, say('sessions.none')) : '');
    this.#fault.hidden = true;
    this.#news.hidden = added === 0;
    this.#news.textContent = here === undefined ? ''
      : say(added === 1 ? 'sessions.new.one' : 'sessions.new.other', { count: added, ago: since(here.createdAt) });
  }

  /**
   * @param {Session} session
   * @param {boolean} isNew
   * @param {Session[]} [admitted] the phones of a computer
   */
  #row(session, isNew, admitted = []) {
    const device = deviceName(session.device);
    const end = (/** @type {boolean} */ withPhones) => this.#endButton(session, device, withPhones);
    return h('li', { class: session.kind },
      h('div', { class: 'what' },
        h('p', {}, h('strong', {}, device),
          session.current && h('span', { class: 'badge' }, say('sessions.this')),
          isNew && h('span', { class: 'badge new' }, say('sessions.badge'))),
        h('p', { class: 'detail' }, `${say('sessions.admitted', { ago: since(session.createdAt) })} · `,
          say('sessions.seen', { ago: since(session.lastSeenAt), address: session.address }))),
      h('div', { class: 'acts' }, end(false), admitted.length > 0 && end(true)));
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
    return h('button', { type: 'button', class: 'quiet', 'aria-label': `${words}: ${device}`, onclick: act }, words);
  }

  /** @param {unknown} error */
  #refused(error) {
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
