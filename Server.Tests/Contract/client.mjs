// A client of QrLogin, written from PROTOCOL.md alone: a PC, a phone, an administrator.
import { execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { promisify } from 'node:util';
import WebSocket from 'ws';

const fail = (words) => {
  throw new Error(words);
};

export const url = new URL(process.env.QRLOGIN_URL ?? 'http://localhost:8080');
export const origin = process.env.QRLOGIN_ORIGIN ?? url.origin;
export const secure = !/^http:\/\/localhost(:|$)/.test(origin);
export const cookieName = secure ? '__Host-qrlogin' : 'qrlogin';
const database = process.env.QRLOGIN_PSQL ?? fail('QRLOGIN_PSQL is not set: the postgresql:// URL of the database, for psql');

/** How long to wait for what must come at some time, in milliseconds; a noisy machine may be given more. */
export const patience = Number(process.env.QRLOGIN_PATIENCE ?? 5000);

export const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
export const challengeOf = (verifier) => base64url(sha256(verifier));

/** One call; answers with { status, headers, text, json }, whatever the status. `body` is sent as it is, `json` as JSON. */
export function send(method, path, { headers = {}, json, body = json === undefined ? undefined : JSON.stringify(json) } = {}) {
  const type = json === undefined ? {} : { 'content-type': 'application/json' };
  const length = typeof body === 'string' ? { 'content-length': Buffer.byteLength(body) } : {};
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(new URL(path, url), {
      method,
      headers: { ...type, ...length, ...headers },
    });
    request.on('response', async (response) => {
      try {
        const text = Buffer.concat(await response.toArray()).toString();
        const isJson = /^application\/(problem\+)?json\b/.test(response.headers['content-type'] ?? '');
        resolve({ status: response.statusCode, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : undefined });
      } catch (error) {
        reject(error);
      }
    });
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode, headers: response.headers, text: '' });
    });
    request.on('error', reject);
    if (Array.isArray(body)) body.forEach((chunk) => request.write(chunk)); // chunked: its length is not announced
    request.end(Array.isArray(body) ? undefined : body);
  });
}

/** The first terminal: a browser with a cookie. */
export class Pc {
  /** Signs in; a client that is told 429 or 503 waits as long as it was told to. */
  static async signIn({ username, password }, headers = {}) {
    for (let left = 6; ; left--) {
      const answer = await send('POST', '/api/session', { json: { username, password }, headers: { origin, ...headers } });
      if (answer.status === 200) return new Pc(answer);
      if (!left || ![429, 503].includes(answer.status)) throw new Error(`sign-in: ${answer.status} ${answer.text}`);
      await new Promise((resume) => setTimeout(resume, 1000 * Number(answer.headers['retry-after'])));
    }
  }

  constructor(answer) {
    this.answer = answer;
    this.session = answer.json.session;
    this.token = answer.headers['set-cookie']
      .map((line) => line.split(';')[0])
      .find((pair) => pair.startsWith(`${cookieName}=`))
      .slice(cookieName.length + 1);
    this.cookie = `${cookieName}=${this.token}`;
  }

  send(method, path, { headers = {}, ...rest } = {}) {
    return send(method, path, { ...rest, headers: { cookie: this.cookie, origin, ...headers } });
  }

  get = (path) => this.send('GET', path);
  post = (path) => this.send('POST', path);
  delete = (path) => this.send('DELETE', path);
  connect = (options) => Connection.open(this.cookie, options);
}

/** The second terminal: an app with identifiers, a PKCE verifier and, in the end, a session. */
export class Phone {
  constructor(...identifiers) {
    this.identifiers = identifiers;
    this.renew();
  }

  /** Begins anew, as the app does for each attempt. */
  renew() {
    this.verifier = base64url(randomBytes(32));
    return this;
  }

  identify(changes = {}) {
    const json = { identifiers: this.identifiers, codeChallenge: challengeOf(this.verifier), codeChallengeMethod: 'S256', ...changes };
    return send('POST', '/api/login/identify', { json });
  }

  async redeem(ticket, changes = {}) {
    const answer = await send('POST', '/api/login/redeem', {
      json: { ticket, codeVerifier: this.verifier, identifiers: this.identifiers, ...changes },
    });
    if (answer.status === 200) this.token = answer.json.accessToken;
    return answer;
  }

  send(method, path, { headers = {}, ...rest } = {}) {
    return send(method, path, { ...rest, headers: { authorization: `Bearer ${this.token}`, ...headers } });
  }

  get = (path) => this.send('GET', path);
  post = (path) => this.send('POST', path);
  delete = (path) => this.send('DELETE', path);
}

/** The long connection. Messages wait in the order in which they came. */
export class Connection {
  static all = new Set();

  static open(cookie, { headers = {}, protocols = 'qrlogin.v1', ...options } = {}) {
    const address = new URL('/connect', url);
    address.protocol = address.protocol.replace('http', 'ws');
    const connection = new Connection(new WebSocket(address, protocols, { headers: { cookie, origin, ...headers }, ...options }));
    return new Promise((resolve, reject) => {
      connection.socket.on('open', () => resolve(connection)).on('error', reject);
    });
  }

  log = [];
  #queue = [];
  #waiting = new Set();

  constructor(socket) {
    Connection.all.add(this);
    this.socket = socket;
    socket.on('message', (data, binary) => {
      const message = binary ? { type: 'binary' } : JSON.parse(data);
      this.log.push(message);
      this.#queue.push(message);
      this.#waiting.forEach((look) => look());
    });
    this.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })));
  }

  /** The next message of a type (and, if asked, of a form); those before it are passed over. */
  next(type, { within = patience, where = () => true } = {}) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.#queue.findIndex((message) => message.type === type && where(message));
        if (at < 0) return;
        clearTimeout(late);
        this.#waiting.delete(look);
        resolve(this.#queue.splice(0, at + 1).at(-1));
      };
      const late = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`no "${type}" within ${within} ms; came: ${this.log.map((m) => m.type)}`));
      }, within);
      this.#waiting.add(look);
      look();
    });
  }

  /** The close code, when it comes. */
  async code(within = patience) {
    let late;
    const tooLate = new Promise((_, reject) => (late = setTimeout(() => reject(new Error(`not closed within ${within} ms`)), within)));
    return Promise.race([this.closed.then(({ code }) => code), tooLate]).finally(() => clearTimeout(late));
  }

  count = (type) => this.log.filter((message) => message.type === type).length;
  close = (code = 1000) => this.socket.close(code);
}

/** What the QR code in a data URI says, read from its pixels. */
export function scan(image) {
  const png = Buffer.from(image.replace(/^data:image\/png;base64,/, ''), 'base64');
  return new Promise((resolve, reject) => {
    const zbar = spawn('zbarimg', ['--quiet', '--raw', 'png:-']);
    let text = '';
    let errors = '';
    zbar.stdout.on('data', (data) => (text += data));
    zbar.stderr.on('data', (data) => (errors += data));
    zbar.on('error', reject).on('close', (code) => (code ? reject(new Error(`zbarimg: ${code} ${errors}`)) : resolve(text.trim())));
    zbar.stdin.end(png);
  });
}

/** The secret of a `qr` message, as the phone gets it. */
export const ticketOf = async (qr) => (await scan(qr.image)).slice(`${origin}/q#`.length);

const quote = (value) => (value === null ? 'null' : `'${String(value).replaceAll("'", "''")}'`);

const fill = (strings, values) => String.raw({ raw: strings }, ...values.map(quote));
const psql = async (query) => (await promisify(execFile)('psql', [database, '-XqtA', '-v', 'ON_ERROR_STOP=1', '-c', query])).stdout.trim();

/** The administrator: sql`select admin.bind(${name}, …)` runs psql and answers with what it prints; an error is thrown with its words. */
export const sql = (strings, ...values) => psql(fill(strings, values));

/** The rows of a select. */
export const rows = async (strings, ...values) =>
  JSON.parse(await psql(`select coalesce(json_agg(t), '[]') from (${fill(strings, values)}) t`));
