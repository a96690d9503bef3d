import { h } from './dom.js';
import { forget, recall, remember } from './storage.js';
import { keepUnsent } from './unsent.js';

/** The languages that there are words in, as screen readers know their voices, under their own names. @type {Record<string, string>} */
const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' };
const CHOSEN = 'qrlogin.language';
const CHANGED = 'qrlogin.languageChanged';

// Our own pages speak the language that their user has chosen, else the first of the browser's that there are words in. A site's page says
// its own, in <html lang>. Imported first, so that whatever speaks afterwards finds it there.
const known = (/** @type {unknown} */ tag) => Object.keys(LANGUAGES).find((each) => each.split('-')[0] === String(tag).split('-')[0]);
const language = [recall(CHOSEN), ...navigator.languages].map(known).find(Boolean) ?? 'en';
document.documentElement.lang = language;

// On the home screen a page has its manifest's name: for each language a manifest of its own, of one and the same app.
const manifest = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel=manifest]'));
if (manifest && language !== 'en') {
  manifest.href = `/manifest.${language.split('-')[0]}.webmanifest`;
}

/**
 * The choice, for the foot of a page. The page is loaded again in the other language; what was typed and not sent is there again, but for
 * a password.
 * @param {string} label
 */
export function languageChoice(label) {
  const choose = (/** @type {Event} */ event) => {
    remember(CHOSEN, /** @type {HTMLSelectElement} */ (event.currentTarget).value);
    remember(CHANGED, true);
    keepUnsent();
    location.reload();
  };
  const options = Object.entries(LANGUAGES).map(([value, name]) =>
    h('option', { value, lang: value, selected: value === language }, name));
  return h('footer', {}, h('label', {}, h('span', {}, label), h('select', { onchange: choose }, ...options)));
}

/** To be called when the page is there: whoever has just chosen its language goes on at the choice, and not at the top. */
export function returnToChoice() {
  if (recall(CHANGED)) {
    forget(CHANGED);
    /** @type {HTMLElement | null} */ (document.querySelector('footer select'))?.focus();
  }
}
