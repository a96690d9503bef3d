import { asRefusal } from './api.js';

/** @typedef {keyof typeof import('./en.js').words} TextKey */

/** The page's: `<html lang>`, as far as there are words in it; Chinese ones are Simplified, in whatever Chinese the page is. */
export const language = document.documentElement.lang.split('-')[0].toLowerCase() === 'zh' ? 'zh-CN' : 'en';

/** @type {Record<string, string>} */
const words = (await (language === 'zh-CN' ? import('./zh.js') : import('./en.js'))).words;

/**
 * The words of a key, with `{name}` filled in.
 * @param {TextKey} key
 * @param {Record<string, string | number>} [values]
 */
export const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));

/**
 * The words before and after the one thing that is filled in, for who sets it as an element of its own.
 * @param {TextKey} key
 */
export const around = (key) => words[key].split(/\{\w+\}/);

/**
 * What happened and what to do about a refusal's code.
 * @param {{ code: string, retryAfter?: number }} refusal
 * @param {Record<string, string | number>} [values]
 * @returns {{ title: string, help: string }}
 */
export function explain({ code, retryAfter }, values = {}) {
  const known = `error.${code}` in words ? code : 'internal_error';
  const all = { seconds: retryAfter ?? 5, origin: location.origin, ...values };
  return {
    title: say(/** @type {TextKey} */ (`error.${known}`), all),
    help: say(/** @type {TextKey} */ (`error.${known}.help`), all),
  };
}

/**
 * The same in one line, of anything thrown.
 * @param {unknown} error
 */
export function explainAll(error) {
  const { title, help } = explain(asRefusal(error));
  return `${title} ${help}`;
}

/**
 * How long ago, in the words of the language: "3 minutes ago".
 * @param {number} milliseconds
 */
export function ago(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 90) {
    return say('ago.now');
  }
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(minutes / 60);
  return minutes < 60 ? format.format(-minutes, 'minute')
    : hours < 36 ? format.format(-hours, 'hour')
    : format.format(-Math.round(hours / 24), 'day');
}

/**
 * Of today, as its user's clock shows it: 14:05.
 * @param {string} [time] RFC 3339; now without
 */
export const timeOfDay = (time) =>
  (time ? new Date(time) : new Date()).toLocaleTimeString(language, { hour: 'numeric', minute: '2-digit' });

/**
 * A span as a clock shows it: 4:07.
 * @param {number} milliseconds
 */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/**
 * A device in one line.
 * @param {{ name?: string | null, platform?: string | null }} device
 */
export const deviceName = ({ name, platform }) =>
  name && platform ? say('device.both', { name, platform }) : name ?? platform ?? say('device.unknown');
