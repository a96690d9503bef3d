/**
 * Makes an element. Attributes named `on…` listen; true and false set and leave out; text is text and never markup.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | boolean | ((event: any) => void) | undefined>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(key.slice(2), value);
    } else if (value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? '' : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/**
 * A press that takes a while and does nothing when it is repeated meanwhile. The button is not disabled: it would lose the focus.
 * @param {(event: any) => Promise<unknown>} act
 * @returns {(event: Event) => Promise<void>}
 */
export function once(act) {
  let isActing = false;
  return async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLElement} */ ((/** @type {SubmitEvent} */ (event)).submitter ?? event.currentTarget);
    if (isActing) {
      return;
    }
    isActing = true;
    button.ariaDisabled = 'true';
    try {
      await act(event);
    } finally {
      isActing = false;
      button.ariaDisabled = null;
    }
  };
}
