/** For as long as the page lives, where the browser keeps nothing: storage may be forbidden, or full. @type {Map<string, string>} */
const fallback = new Map();

/**
 * What this browser remembers for our origin, as JSON.
 * @param {string} key
 * @returns {any} undefined where there is nothing, or nothing that can be read
 */
export function recall(key) {
  try {
    return JSON.parse(stored(key) ?? fallback.get(key) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} key */
function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/**
 * @param {string} key
 * @param {unknown} value
 */
export function remember(key, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(key, text);
    fallback.delete(key);
  } catch {
    forget(key);
    fallback.set(key, text);
  }
}

/** @param {string} key */
export function forget(key) {
  fallback.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // then there is nothing to remove
  }
}
