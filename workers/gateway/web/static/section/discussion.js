// One discussion on screen: what a reader does with it, and the parts that are loaded when that needs them.
// It ends with its signal; a part that arrives later begins nothing.

import { attr, child, el, on, say, whenNear } from "../shared/dom.js";
import { part } from "../shared/part.js";
import { Rows } from "./rows.js";

/** @typedef {import("./rows.js").Item} Item */

/** True if the address of the page may name a comment. */
export function namesComment() {
  return /comment|comentario|isso-/i.test(location.hash + location.search);
}

export class Discussion {
  /**
   * @param {object} given
   * @param {HTMLElement} given.element @param {HTMLElement} given.section @param {import("./api.js").Api} given.api
   * @param {import("../shared/words.js").Words} given.words @param {AbortSignal} given.signal
   */
  constructor({ element, section, api, words, signal }) {
    this.element = element;
    this.section = section;
    this.api = api;
    this.words = words;
    this.signal = signal;
    this.query = String(section.dataset.query);
    /** Of the last question about an order: answers to earlier ones are dropped. */
    this.asked = 0;
    /** The comment that is shown alone, below those that it answers. @type {string | null} */
    this.single = null;
    this.list = child(section, "rows");
    const link = `${String(section.dataset.url).split("#")[0]}#comment-`;
    const given = { words, link, history: section.dataset.history === "public" };
    this.rows = new Rows(this.list, given, String(section.dataset.position), this.folds(), signal);
    on(section, "click", (event) => this.press(event), { signal });
    on(section, "change", ({ target }) => target.matches(".sorts input") && this.reorder(target.value), { signal });
    on(this.list, "beforematch", (event) => this.rows.fold(event.target.closest("li"), false), { signal });
  }

  /** Follow the address of the page, and the discussion. */
  follow() {
    const { signal } = this;
    if (signal.aborted) return;
    on(window, "hashchange popstate", () => this.visit(), { signal });
    this.visit();
    whenNear(this.element, signal, () => this.goLive());
    this.mark();
  }

  /** The renderer, which makes rows and changes them. Loaded for the first row that is made or changed. */
  async rendering() {
    const { Renderer } = await part("section/render.js");
    this.signal.throwIfAborted();
    return (this.renderer ??= new Renderer(this.rows, this.signal));
  }

  /** The part that shows pages. Loaded for the first that is shown. */
  async paging() {
    const [{ Pages }, renderer] = await Promise.all([part("section/pages.js"), this.rendering()]);
    this.signal.throwIfAborted();
    return (this.pages ??= new Pages(this, renderer));
  }

  /** The part that follows links to comments. Loaded for the first. */
  async linking() {
    const { Links } = await part("section/links.js");
    this.signal.throwIfAborted();
    return (this.links ??= new Links(this));
  }

  /** Follow the stream. Its part is loaded when the section comes near. */
  async goLive() {
    try {
      const { Feed } = await part("section/feed.js");
      if (this.signal.aborted) return;
      this.feed ??= new Feed(this);
      this.feed.live.tell("near");
    } catch {
      this.section.querySelector(".stream").replaceChildren(this.again(() => this.goLive()));
    }
    if (this.section.dataset.status !== "archived") this.write();
  }

  /** Offer to write. Its parts are loaded when the section comes near. */
  async write() {
    try {
      const { Writing } = await part("section/writing.js");
      if (this.signal.aborted) return;
      this.writing ??= new Writing(this);
      await this.writing.begin();
      await this.passages?.report(this.writing);
    } catch {
      this.writing = undefined;
      this.warn(() => this.write());
    }
  }

  /** Look for the passages of the article that comments are about. */
  async mark() {
    const selector = this.element.getAttribute("article");
    const article = selector && document.querySelector(selector);
    if (!article) return;
    try {
      const { Passages } = await part("section/passages.js");
      if (this.signal.aborted) return;
      this.passages ??= new Passages(this, article);
      await this.passages.begin();
      if (this.writing) await this.passages.report(this.writing);
    } catch {
      // The comments about passages are in the list all the same.
    }
  }

  /** The button for more comments. @returns {HTMLElement | null} */
  get more() {
    return child(this.section, "more");
  }

  /** The order that is chosen. @returns {string} */
  get order() {
    return this.section.querySelector(".sorts input:checked")?.value ?? "newest";
  }

  /** The element of this shadow tree that has the focus. */
  get active() {
    return this.section.getRootNode().activeElement;
  }

  /** @param {MouseEvent} event */
  press(event) {
    const target = event.composedPath()[0] ?? event.target;
    const pressed = target.closest?.("button, a");
    if (!pressed) return;
    const li = pressed.closest("li[data-key]");
    const is = (name) => pressed.classList.contains(name);
    if (is("fold") && li) {
      const folded = pressed.getAttribute("aria-expanded") === "true";
      this.rows.fold(li, folded);
      this.rows.folds.set(String(li.dataset.key), folded);
    } else if (is("more") && pressed.dataset.next) this.load(pressed, li);
    else if (is("changes") && li) this.versions(li, pressed);
    else if (is("skip")) this.focusOn(".end > .back");
    else if (is("back")) this.focusOn(".title");
    else if ((is("to") || is("when")) && li) this.go(event, is("to") ? pressed.dataset.to : li.dataset.key);
  }

  /** @param {string} name */
  focusOn(name) {
    this.section.querySelector(name).focus();
  }

  /** Read in another order. @param {string} order @param {string} [anchor] A passage: only what is about it. */
  async reorder(order, anchor) {
    const rest = this.query.replace(/(^|&)(sort|featured|anchor)=[^&]*/g, "").replace(/^&/, "");
    const only = anchor ? `&anchor=${encodeURIComponent(anchor)}` : "";
    const query = (order === "picks" ? `featured=true&${rest}` : `sort=${order}&${rest}`) + only;
    const asked = ++this.asked;
    attr(this.list, "aria-busy", "true");
    try {
      const [page, pages] = await Promise.all([this.api.page(query), this.paging()]);
      if (asked !== this.asked) return;
      this.query = query;
      this.single = null;
      await pages.fill(page);
    } catch {
      if (asked !== this.asked || this.signal.aborted) return;
      const shown = /featured=true/.test(this.query) ? "picks" : (/sort=(\w+)/.exec(this.query)?.[1] ?? "newest");
      for (const radio of this.section.querySelectorAll(".sorts input")) radio.checked = radio.value === shown;
      this.warn(() => this.section.querySelector(`.sorts [value="${order}"]`).click());
    } finally {
      if (asked === this.asked) this.list.removeAttribute("aria-busy");
    }
  }

  /** Show only what is about a passage. @param {string} anchor */
  async about(anchor) {
    await this.reorder(this.order, anchor);
    if (this.query.includes("anchor=")) (await this.paging()).offerWhole();
  }

  /** Load more comments, or more replies of one. @param {HTMLElement} button @param {Item | null} li */
  async load(button, li) {
    if (button.getAttribute("aria-busy")) return;
    attr(button, "aria-busy", "true");
    const cursor = String(button.dataset.next);
    const asked = this.asked;
    try {
      const found = li ? this.api.replies(String(li.dataset.key), cursor) : this.api.page(this.query, cursor);
      const [page, pages] = await Promise.all([found, this.paging()]);
      if (asked === this.asked) await pages.append(page, button, li);
    } catch {
      this.trouble(button);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  /** @param {Item} li @param {HTMLElement} button */
  async versions(li, button) {
    try {
      const { toggle } = await part("section/history.js");
      if (!this.signal.aborted) await toggle(this.rows.article(li), button, this.api, this.words);
    } catch {
      this.trouble(button);
    }
  }

  /** The branches that this reader has hidden, for as long as the tab is open. */
  folds() {
    const key = `hansard:folded:${this.api.thread.pathname}`;
    /** @type {Set<string>} */
    let found = new Set();
    try {
      found = new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]"));
    } catch {
      // Storage is off, or holds what another script put there: nothing is hidden.
    }
    return {
      has: (id) => found.has(id),
      set: (id, folded) => {
        if (folded) found.add(id);
        else found.delete(id);
        try {
          sessionStorage.setItem(key, JSON.stringify([...found].slice(-200)));
        } catch {
          // Without storage it holds until the page is left.
        }
      },
    };
  }

  /** Show the comment that the address names, if it names one. */
  visit() {
    child(this.section, "missing")?.remove();
    if (namesComment()) this.link((links) => links.visit(), () => this.visit());
  }

  /** Follow a link to a comment that is on screen already. @param {MouseEvent} event @param {string | undefined} id */
  go(event, id) {
    if (!id || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (!this.rows.items.has(id)) return;
    event.preventDefault();
    const address = new URL(location.href);
    address.hash = `comment-${id}`;
    if (address.href !== location.href) history.pushState(null, "", address);
    this.link((links) => links.stay(id), () => this.visit());
  }

  /** @param {(links: import("./links.js").Links) => unknown} act @param {() => void} again */
  async link(act, again) {
    try {
      await act(await this.linking());
    } catch {
      this.warn(again);
    }
  }

  /** Tell screen readers. @param {string} text */
  tell(text) {
    say(child(this.section, "sr"), text);
  }

  /** Say on a button that what it was to load could not be loaded. @param {HTMLElement} button */
  trouble(button) {
    if (this.signal.aborted) return;
    say(button, this.words.say("part_failed"));
    this.tell(button.textContent);
    this.outdated();
  }

  /** Say so where the gateway has another release by now: no part of this one can be loaded any more. */
  async outdated() {
    const answer = await fetch(import.meta.url, { cache: "no-store", credentials: "omit" }).catch(() => null);
    if (answer?.status !== 410 || this.signal.aborted) return;
    const { words } = this;
    const reload = el("button.do", { onclick: () => location.reload() }, words.say("reload"));
    this.miss(el("b", {}, words.say("other_release")), " ", words.say("other_release_more"), " ", reload);
  }

  /** A button that says that something could not be loaded, and tries again. @param {() => void} act */
  again(act) {
    const onclick = () => {
      this.mended();
      this.focusOn(".title");
      act();
    };
    return el("button.act", { onclick }, this.words.say("part_failed"));
  }

  /** Say in a line of its own that something could not be loaded. @param {() => void} again */
  warn(again) {
    if (this.signal.aborted || child(this.section, "missing")?.querySelector("button")) return;
    this.miss(this.again(again));
    this.outdated();
  }

  /** Remove the line about a part that could not be loaded. */
  mended() {
    const line = child(this.section, "missing");
    if (line?.querySelector("button")) line.remove();
  }

  /** Say in a line of its own that something is not there. @param {...(Node | string)} said */
  miss(...said) {
    child(this.section, "missing")?.remove();
    child(this.section, "told").before(el("p.say.missing", { role: "alert" }, ...said));
  }
}
