const KEY = 'qrlogin.unsent';
/** What the page before this one kept. @type {Record<string, string>} */
const kept = takeOver();

function takeOver() {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return JSON.parse(text ?? '{}');
  } catch {
    return {};
  }
}

/**
 * Keeps for the next load of this tab what its user has typed and not sent, by the fields' ids, and under `hidden` the attempt whose
 * dialog was put aside. Never a password.
 */
export function keepUnsent() {
  const fields = [...document.querySelectorAll('input')]
    .filter(({ type }) => type === 'text' || type === 'tel')
    .filter((field) => field.getClientRects().length > 0);
  const hidden = /** @type {any} */ (document.querySelector('qr-login'))?.attempt?.attemptId; // were it open, nothing else could be pressed
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ ...Object.fromEntries(fields.map(({ id, value }) => [id, value])), hidden }));
  } catch {
    // then it is typed again
  }
}

/**
 * What was kept, once.
 * @param {string} id
 * @returns {string | undefined}
 */
export function unsent(id) {
  const text = kept[id];
  delete kept[id];
  return text;
}
