/** What the server refused: PROTOCOL.md's status and `code`; `unreachable` (status 0) when it did not answer at all, `page_fault` (-1). */
export class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {number} [retryAfter] seconds
   * @param {Record<string, string[]>} [errors] of `invalid_request`, by member
   */
  constructor(status, code, retryAfter, errors) {
    super(code);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.errors = errors ?? {};
  }
}

/** Longer than the server takes for its own "I cannot". */
const PATIENCE = 10_000;

/**
 * One call of the API.
 * @param {string} method
 * @param {string} path
 * @param {{ body?: unknown, token?: string }} [options] `token`: the phone's session; without, the computer's cookie goes along
 * @returns {Promise<any>} the JSON of the answer; undefined where it has none
 * @throws {Refusal}
 */
export async function call(method, path, { body, token } = {}) {
  const { response, text } = await send(path, {
    method,
    signal: AbortSignal.timeout(PATIENCE),
    cache: 'no-store',
    credentials: token ? 'omit' : 'same-origin',
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = /\bjson\b/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined;
  if (!response.ok) {
    const retryAfter = Number(response.headers.get('retry-after')) || undefined;
    throw new Refusal(response.status, json?.code ?? byStatus(response.status), retryAfter, json?.errors);
  }
  lastAnswer = { at: performance.now(), date: Date.parse(response.headers.get('date') ?? '') };
  return json;
}

/** 502, 503 and 504 in words that are not ours: a proxy's, before a server that is away. */
const byStatus = (/** @type {number} */ status) => (status > 501 && status < 505 ? 'unavailable' : 'internal_error');

/** @type {{ at: number, date: number } | undefined} */
let lastAnswer;

/** The server's time now, in milliseconds: by its last answer, because a computer's own clock may be wrong. */
export const serverNow = () =>
  lastAnswer && Number.isFinite(lastAnswer.date) ? lastAnswer.date + performance.now() - lastAnswer.at : Date.now();

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function send(path, request) {
  try {
    const response = await fetch(path, request);
    return { response, text: await response.text() };
  } catch {
    throw new Refusal(0, 'unreachable');
  }
}

/**
 * What was refused, or a fault of ours, which the console should show.
 * @param {unknown} error
 * @returns {Refusal}
 */
export function asRefusal(error) {
  if (error instanceof Refusal) {
    return error;
  }
  console.error(error);
  return new Refusal(-1, 'page_fault');
}
