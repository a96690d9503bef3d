import { asRefusal, call } from '../common/api.js';

/** @typedef {'connecting' | 'ready' | 'waiting' | 'replaced' | 'broken' | 'signed-out' | 'closed'} ConnectionState */

const FIRST_WAIT = 5_000;
const LONGEST_WAIT = 60_000;
/** A connection that has lived so long was a good one: what ended it is no habit. */
const LONG_LIFE = 60_000;
/** Timers of a hidden page run once a minute; a larger gap means that the computer has slept, and its connection may be dead. */
const SLEPT = 90_000;
const TICK = 5_000;

/**
 * The long connection of PROTOCOL.md §2: opens it, opens it again as each close code asks, and says how it stands. Fires `state`, and
 * `message` with the message in `detail`.
 */
export class Connection extends EventTarget {
  /** @type {ConnectionState} */
  state = 'closed';
  /** When it is tried again, as `Date.now()`; while `waiting`. */
  retryAt = 0;

  /** Whether somebody waits at the screen, for a code or with one: then no wait is long. */
  #isAwaited;

  /** @type {WebSocket | undefined} */
  #socket;
  #retry = 0;
  #tick = 0;
  #failures = 0;
  #openedAt = 0;
  #wasToldOff = false;
  #tickedAt = 0;

  /** @param {{ isAwaited: () => boolean }} acts */
  constructor({ isAwaited }) {
    super();
    this.#isAwaited = isAwaited;
  }

  open() {
    addEventListener('online', this.#test);
    addEventListener('offline', this.#test);
    this.#tickedAt = Date.now();
    clearInterval(this.#tick);
    this.#tick = setInterval(() => this.#noticeSleep(), TICK);
    this.#connect();
  }

  /** For good, until {@link open}. */
  close() {
    removeEventListener('online', this.#test);
    removeEventListener('offline', this.#test);
    clearInterval(this.#tick);
    this.#rest('closed');
  }

  /** The network has come or gone: whether the server is still there, a new connection tells. */
  #test = () => {
    if (this.state === 'waiting' || this.state === 'ready') {
      this.#connect();
    }
  };

  #noticeSleep() {
    const gap = Date.now() - this.#tickedAt;
    this.#tickedAt = Date.now();
    if (gap > SLEPT && this.state === 'ready') {
      this.#connect();
    }
  }

  #connect() {
    this.#drop();
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/connect`, 'qrlogin.v1');
    this.#socket = socket;
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      this.#openedAt = Date.now();
    };
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'welcome') {
        this.#failures = 0;
        this.#become('ready');
      }
      this.dispatchEvent(new CustomEvent('message', { detail: message }));
    };
    socket.onclose = ({ code }) => {
      if (this.#socket === socket) {
        this.#ended(code, wasOpen);
      }
    };
    this.#become('connecting');
  }

  /**
   * @param {number} code
   * @param {boolean} wasOpen
   */
  #ended(code, wasOpen) {
    if (Date.now() - this.#openedAt > LONG_LIFE) {
      this.#wasToldOff = false;
    }
    if (code === 4401) {
      this.#rest('signed-out');
    } else if (code === 4409) {
      this.#rest('replaced');
    } else if (code === 1008 && this.#wasToldOff) {
      this.#rest('broken');
    } else {
      this.#wasToldOff ||= code === 1008;
      if (wasOpen) {
        this.#wait();
      } else {
        this.#askWhy();
      }
    }
  }

  /** A browser does not tell why a handshake was refused; that nobody is signed in is one reason. */
  async #askWhy() {
    const socket = this.#socket;
    const refusal = await call('GET', '/api/session').then(() => undefined, asRefusal);
    if (this.#socket !== socket) {
      return;
    }
    if (refusal?.status === 401) {
      this.#rest('signed-out');
    } else {
      this.#wait();
    }
  }

  /** Full jitter, so that all the pages of a server that went away do not come back at once. */
  #wait() {
    const longest = this.#isAwaited() ? FIRST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures++);
    const wait = Math.random() * longest;
    this.#drop();
    this.retryAt = Date.now() + wait;
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#become('waiting');
  }

  /** @param {ConnectionState} state */
  #rest(state) {
    this.#drop();
    this.#become(state);
  }

  #drop() {
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
  }

  /** @param {ConnectionState} state */
  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}
