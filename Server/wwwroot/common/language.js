import { h } from './dom.js';
import { recall, remember } from './storage.js';

/** The languages that there are words in, under their own names. @type {Record<string, string>} */
const LANGUAGES = { en: 'English', zh: '简体中文' };
const CHOSEN = 'qrlogin.language';

// Our own pages speak the language that their user has chosen, else the first of the browser's that there are words in. A site's page says
// its own, in <html lang>. Imported first, so that whatever speaks afterwards finds it there.
const wanted = [recall(CHOSEN), ...navigator.languages].map((tag) => String(tag).split('-')[0]);
document.documentElement.lang = wanted.find((language) => language in LANGUAGES) ?? 'en';

/**
 * The choice, for the foot of a page; the page is loaded again in the other language, and finds all as it was.
 * @param {string} label
 */
export function languageChoice(label) {
  const choose = (/** @type {Event} */ event) => {
    remember(CHOSEN, /** @type {HTMLSelectElement} */ (event.currentTarget).value);
    location.reload();
  };
  const options = Object.entries(LANGUAGES).map(([language, name]) =>
    h('option', { value: language, lang: language, selected: language === document.documentElement.lang }, name));
  return h('footer', {}, h('label', {}, h('span', {}, label), h('select', { onchange: choose }, ...options)));
}
