import { h } from './dom.js';
import { say } from './texts.js';

/** The name of the thing, which leads to its first page. @param {string} href */
export const brand = (href) =>
  h('a', { class: 'brand', href }, h('img', { src: '/icon.svg', alt: '', width: '28', height: '28' }), say('brand'));
