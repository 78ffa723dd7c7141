// Links to one comment: which comment an address names, and staying with it until the reader scrolls.

import { attr, on } from "../shared/dom.js";

/** @type {Record<string, (address: URL) => string | null | undefined>} How other systems named a comment. */
const OLD = {
  wp: ({ hash }) => /^#comment-(\d+)$/.exec(hash)?.[1],
  dsq: ({ hash }) => /^#comment-(\d+)$/.exec(hash)?.[1],
  coral: ({ searchParams }) => searchParams.get("commentID"),
};

/**
 * The comments that an address may mean, the likelier first.
 * @param {string} href @param {string | null} old What the discussion was imported from.
 * @returns {string[]}
 */
export function named(href, old) {
  const address = new URL(href);
  const before = old && Object.hasOwn(OLD, old) ? OLD[old](address) : null;
  const ours = /^#comment-([\w-]{1,64})$/.exec(address.hash)?.[1];
  return [...(before ? [`${old}-${before}`] : []), ...(ours ? [ours] : [])];
}

/** Let the address name a comment as we do. @param {string} id */
export function replaceAddress(id) {
  const address = new URL(location.href);
  address.searchParams.delete("commentID");
  address.hash = `comment-${id}`;
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

/**
 * Go to an article and stay there, whatever loads above it, until the reader scrolls.
 * @param {HTMLElement} article @param {AbortSignal} signal Ends the holding, as well as a reader does.
 */
export function hold(article, signal) {
  for (const other of article.getRootNode().querySelectorAll(".here")) other.classList.remove("here");
  article.classList.add("here");
  const long = article.querySelector(":scope > .text > .long");
  if (long) attr(long, "open", true);
  const ended = new AbortController();
  const end = () => {
    ended.abort();
    sizes.disconnect();
  };
  const go = () => (article.isConnected ? article.scrollIntoView({ block: "start", behavior: "instant" }) : end());
  const sizes = new ResizeObserver(go);
  article.focus({ preventScroll: true });
  go();
  sizes.observe(document.documentElement);
  sizes.observe(document.body);
  sizes.observe(article.getRootNode().host);
  on(window, "wheel touchmove keydown pointerdown", end, { signal: ended.signal, passive: true, capture: true });
  signal.addEventListener("abort", end, { once: true, signal: ended.signal });
  return end;
}
