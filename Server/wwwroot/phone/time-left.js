import { asRefusal, Refusal } from '../common/api.js';
import { Countdown } from '../common/countdown.js';
import { askStatus } from './flow.js';

/** How often the server is asked. */
const PACE = 5_000;

/** What the server may say of an attempt that is over; redeemed, it was by this phone, which hears of it otherwise. */
const OVER = ['declined', 'superseded', 'attempt_expired'];

/**
 * The time that an attempt has left. The computer's user may give it more, or end it: so the server is asked, as long as somebody looks.
 * @param {import('./store.js').Attempt} open whose `endsAt` moves
 * @param {(refusal: Refusal) => void} over
 * @returns {{ element: HTMLElement, stop: () => void }}
 */
export function timeLeft(open, over) {
  const countdown = new Countdown();
  const ticks = [setInterval(count, 1000), setInterval(ask, PACE)];
  let isStopped = false;

  function count() {
    const left = open.endsAt - Date.now();
    countdown.show('phone.scan.time', left);
    if (left <= 0) {
      end(new Refusal(410, 'attempt_expired'));
    }
  }

  async function ask() {
    if (document.visibilityState === 'hidden') {
      return;
    }
    try {
      await askStatus(open);
    } catch (error) {
      const refusal = asRefusal(error);
      if (OVER.includes(refusal.code)) {
        end(refusal);
      }
    }
  }

  /** @param {Refusal} refusal */
  function end(refusal) {
    if (!isStopped) {
      over(refusal);
    }
  }

  document.addEventListener('visibilitychange', ask);
  count();
  return {
    element: countdown.element,
    stop() {
      isStopped = true;
      ticks.forEach(clearInterval);
      document.removeEventListener('visibilitychange', ask);
    },
  };
}
