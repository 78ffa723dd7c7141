// Links to one comment: which comment an address names, and staying with it until the reader scrolls.

import { on } from "../shared/dom.js";

/** @type {Record<string, (address: URL) => string | null | undefined>} How other systems named a comment. */
const OLD = {
  wp: ({ hash }) => /^#comment-(\d+)$/.exec(hash)?.[1],
  dsq: ({ hash }) => /^#comment-(\d+)$/.exec(hash)?.[1],
  coral: ({ searchParams }) => searchParams.get("commentID"),
  r42: ({ hash }) => /^#remark42__comment-([\w-]+)$/.exec(hash)?.[1],
  isso: ({ hash }) => /^#isso-(\d+)$/.exec(hash)?.[1],
  cm: ({ hash }) => /^#(?:commento|comentario)-([\w-]+)$/.exec(hash)?.[1],
};

/**
 * The comments that an address may mean, the likelier first.
 * @param {string} href @param {string | null} old What the discussion was imported from.
 * @returns {string[]}
 */
function named(href, old) {
  const address = new URL(href);
  const before = old && Object.hasOwn(OLD, old) ? OLD[old](address) : null;
  const ours = /^#comment-([\w-]{1,64})$/.exec(address.hash)?.[1];
  return [...(before ? [`${old}-${before}`] : []), ...(ours ? [ours] : [])];
}

export class Links {
  /** @param {import("./discussion.js").Discussion} discussion */
  constructor(discussion) {
    this.discussion = discussion;
    this.letGo = () => {};
  }

  /** Show the comment that the address names, if it names one. Raises what pages raise. */
  async visit() {
    const { discussion } = this;
    const { rows, element, api, signal } = discussion;
    const ids = named(location.href, element.getAttribute("old"));
    if (!ids.length) return;
    const there = ids.find((id) => rows.items.has(id));
    if (there) {
      this.stay(there);
      return;
    }
    const asked = ++discussion.asked;
    for (const id of ids) {
      const found = await api.comment(id).catch(() => null);
      if (asked !== discussion.asked || signal.aborted) return;
      if (!found) continue;
      const pages = await discussion.paging();
      if (asked !== discussion.asked) return;
      discussion.single = id;
      await pages.line(found);
      this.stay(id);
      return;
    }
    if (document.querySelectorAll("hansard-comments").length === 1) this.missing();
  }

  missing() {
    const { discussion } = this;
    discussion.miss(discussion.words.say("not_here"));
    discussion.section.scrollIntoView({ block: "start" });
    discussion.focusOn(".title");
  }

  /** Go to a comment on screen, which the address then names. @param {string} id */
  stay(id) {
    const { rows, signal } = this.discussion;
    const li = rows.items.get(id);
    if (!li) return;
    this.letGo();
    rows.reveal(li);
    const address = new URL(location.href);
    address.searchParams.delete("commentID");
    address.hash = `comment-${id}`;
    if (address.href !== location.href) history.replaceState(history.state, "", address);
    this.letGo = hold(rows.article(li), signal);
  }
}

/**
 * Go to an article and stay there, whatever loads above it, until the reader scrolls.
 * @param {HTMLElement} article @param {AbortSignal} signal Ends the holding, as well as a reader does.
 */
function hold(article, signal) {
  for (const other of article.getRootNode().querySelectorAll(".here")) other.classList.remove("here");
  article.classList.add("here");
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
