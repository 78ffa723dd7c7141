// What every page of ours does to its nodes. Nothing here parses markup: that is text.js alone.

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
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else attr(made, key, value);
  }
  made.append(...children.filter(Boolean));
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
 * Make the children of a parent those of a list, in its order. A key keeps its node, and a node that stands where it
 * belongs is not moved, so that focus, selection and what is typed stay.
 * @template T
 * @param {Element} parent @param {Iterable<T>} items @param {(item: T) => string} key
 * @param {(item: T) => Element} make @param {(node: Element, item: T) => void} [update]
 */
export function keyed(parent, items, key, make, update) {
  const there = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = [...items].map((item) => {
    const name = key(item);
    let node = there.get(name);
    there.delete(name);
    if (node) update?.(node, item);
    else {
      node = make(item);
      node.dataset.key = name;
    }
    return node;
  });
  for (const node of there.values()) node.remove();
  let next = parent.firstElementChild;
  for (const node of wanted) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}

/**
 * Listen until the signal ends.
 * @param {EventTarget} target @param {string} kinds Names of events, with spaces between.
 * @param {(event: any) => void} heard @param {AddEventListenerOptions} [options]
 */
export function on(target, kinds, heard, options) {
  for (const kind of kinds.split(" ")) target.addEventListener(kind, heard, options);
}

/** Whether any part of an element is in the window. @param {Element} node */
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
