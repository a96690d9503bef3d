import { asRefusal, call } from '../common/api.js';
import { say } from '../common/texts.js';

/** @typedef {import('./attempt-dialog.js').Attempt} Attempt */

/** Who has more time left than this need not be given any; PROTOCOL.md has the same. */
const ENOUGH = 240_000;

/** What has become of an attempt, by the code of the refusal to do anything about it. */
const OUTCOMES = /** @type {Record<string, string>} */ ({
  declined: 'declined', superseded: 'replaced', attempt_expired: 'expired', already_redeemed: 'redeemed', not_found: 'gone',
});

/** What the user of the computer may answer a phone that asks. Each says in words what came of it, where there is something to say. */
export class Answers {
  #over;
  /** Those whose "Not me" is on its way. @type {Set<string>} */
  #declining = new Set();

  /** @param {(attemptId: string, outcome: string) => void} over it has ended, as far as this page can tell */
  constructor(over) {
    this.#over = over;
  }

  /** @param {Attempt} attempt */
  async decline({ attemptId }) {
    if (!this.#declining.has(attemptId)) {
      this.#declining.add(attemptId);
      await call('POST', `/api/login/${attemptId}/decline`).finally(() => this.#declining.delete(attemptId));
      this.#over(attemptId, 'declined');
    }
    return '';
  }

  /** More time, which comes with a fresh code. @param {Attempt} attempt */
  async extend({ attemptId, endsAt }) {
    if (endsAt - Date.now() > ENOUGH) {
      return say('attempt.enough');
    }
    const refusal = await call('POST', `/api/login/${attemptId}/extend`).then(() => undefined, asRefusal);
    if (refusal?.code === 'too_many_requests') {
      return say('attempt.noMore');
    }
    if (refusal && !this.refused(attemptId, refusal)) {
      throw refusal;
    }
    return '';
  }

  /**
   * @param {string} attemptId
   * @param {import('../common/api.js').Refusal} refusal
   * @returns whether that means that the attempt is over
   */
  refused(attemptId, refusal) {
    const isOver = refusal.code in OUTCOMES;
    if (isOver) {
      this.#over(attemptId, OUTCOMES[refusal.code]);
    }
    return isOver;
  }
}
