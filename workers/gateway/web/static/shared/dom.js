// Changes of nodes, shared by all pages of ours. Nothing here parses markup: that is text.js alone.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Create an element: `el("a.when", { href }, "11:15")`. Attributes that are null or false are left out.
 * @param {string} name Tag, and classes after dots.
 * @param {Record<string, unknown>} [attributes] `onclick` and the like are listeners.
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const key in attributes) {
    const value = attributes[key];
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  for (const one of children) if (one) made.append(one);
  return made;
}

/**
 * Set an attribute, or remove it where the value is null or false. What is there already is not written again.
 * @param {Element} node @param {string} name @param {unknown} value
 */
export function attr(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  }
}

/** Set the text of a node if it is another. @param {Node} node @param {unknown} value */
export function say(node, value) {
  const text = String(value);
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Listen until the signal ends.
 * @param {EventTarget} target @param {string} kinds Names of events, with spaces between.
 * @param {(event: any) => void} heard @param {AddEventListenerOptions} [options]
 */
export function on(target, kinds, heard, options) {
  for (const kind of kinds.split(" ")) target.addEventListener(kind, heard, options);
}

/** The first child that has a class. Unlike a selector, it looks at nothing below. @param {Element} node @param {string} name */
export function child(node, name) {
  for (let one = node.firstElementChild; one; one = one.nextElementSibling) if (one.matches(`.${name}`)) return one;
  return null;
}

/** The element that has the focus beside an element or in it; null if there is none. @param {Element} node @returns {HTMLElement | null} */
export function activeIn(node) {
  return /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (node.getRootNode()).activeElement);
}

/** True if any part of an element is in the window. @param {Element} node */
export function inView(node) {
  const { top, bottom, height } = node.getBoundingClientRect();
  return height > 0 && bottom > 0 && top < innerHeight;
}

/** Call once the element is close to the window. @param {Element} element @param {AbortSignal} signal @param {() => void} act */
export function whenNear(element, signal, act) {
  const watcher = new IntersectionObserver(
    (seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watcher.disconnect();
      act();
    },
    { rootMargin: "600px" },
  );
  watcher.observe(element);
  on(signal, "abort", () => watcher.disconnect());
}
