// One discussion on screen: orders, more rows, links to comments, branches, versions. Ends with its signal.

import { attr, el, on, whenNear } from "../shared/dom.js";
import { Feed } from "./feed.js";
import { Head } from "./head.js";
import { hold, named, replaceAddress } from "./permalink.js";
import { Rows } from "./rows.js";

/** @typedef {import("./rows.js").Item} Item */

export class Discussion {
  /**
   * @param {object} given
   * @param {HTMLElement} given.element @param {HTMLElement} given.section @param {import("./api.js").Api} given.api
   * @param {import("../shared/words.js").Words} given.words @param {AbortSignal} given.signal
   * @param {Record<string, any>} [given.page] The page that is shown first; without it the section has one.
   */
  constructor({ element, section, api, words, signal, page }) {
    this.element = element;
    this.section = section;
    this.api = api;
    this.words = words;
    this.signal = signal;
    this.query = String(section.dataset.query);
    /** Of the last question about an order: answers to earlier ones are dropped. */
    this.asked = 0;
    this.letGo = () => {};
    /** The comment that is shown alone, below those that it answers. @type {string | null} */
    this.single = null;
    this.list = section.querySelector(":scope > .rows");
    this.head = new Head(section, words, { pause: () => this.pause(), now: () => this.feed.live.tell("now") });
    const link = `${String(section.dataset.url).split("#")[0]}#comment-`;
    const given = { words, link, history: section.dataset.history === "public" };
    this.rows = new Rows(this.list, given, String(section.dataset.position), this.folds());
    this.feed = new Feed({
      rows: this.rows,
      api,
      head: this.head,
      order: () => this.head.order,
      cut: () => this.more !== null,
      changed: (thread) => this.changed(thread),
      reset: () => this.again(),
    });
    this.listen();
    const begun = page ? this.fill(page) : Promise.resolve();
    begun.then(() => this.follow());
    on(signal, "abort", () => this.end());
  }

  /** @param {Record<string, any>} thread A thread, or what a frame tells of it. */
  changed(thread) {
    this.head.thread(thread);
    const detail = { comments: thread.comments };
    this.element.dispatchEvent(new CustomEvent("hansard:count", { detail, bubbles: true, composed: true }));
  }

  end() {
    this.feed.end();
    this.rows.end();
    clearTimeout(this.head.ticks);
  }

  /** Follow the address of the page, and the discussion. */
  follow() {
    if (this.signal.aborted) return;
    this.visit();
    whenNear(this.element, this.signal, () => this.feed.live.tell("near"));
  }

  listen() {
    const { signal } = this;
    on(this.section, "click", (event) => this.press(event), { signal });
    on(this.section, "change", (event) => this.reorder(event.target.value), { signal });
    on(this.list, "beforematch", (event) => this.rows.fold(event.target.closest("li"), false), { signal });
    on(window, "hashchange popstate", () => this.visit(), { signal });
  }

  /** The button for more comments. @returns {HTMLElement | null} */
  get more() {
    return this.section.querySelector(":scope > .more");
  }

  /** @param {string | null} cursor */
  set cursor(cursor) {
    let button = this.more;
    if (!cursor) button?.remove();
    else {
      if (!button) this.list.after((button = el("button.more.end", {}, this.words.say("more_comments"))));
      attr(button, "data-next", cursor);
    }
  }

  /** Show a page from its beginning. @param {Record<string, any>} page */
  async fill(page) {
    const { rows, head } = this;
    if (!this.section.querySelector(".sorts input")) head.orders(page.sort, page.thread.featured ?? 0);
    this.changed(page.thread);
    this.feed.waiting.clear();
    this.feed.held.clear();
    rows.items.clear();
    this.list.replaceChildren();
    this.feed.follow(page.thread.position);
    await rows.append(page.comments, null);
    this.cursor = page.next;
    this.feed.notify();
  }

  /** @param {MouseEvent} event */
  press(event) {
    const target = event.composedPath()[0] ?? event.target;
    const pressed = target.closest?.("button, a");
    if (!pressed) return;
    const li = pressed.closest("li[data-key]");
    const is = (name) => pressed.classList.contains(name);
    if (is("fold") && li) this.fold(li, pressed.getAttribute("aria-expanded") === "true");
    else if (is("more") && pressed.dataset.next) this.load(pressed, li);
    else if (is("changes") && li) this.versions(li, pressed);
    else if (is("replies") && li) this.feed.reveal(String(li.dataset.key));
    else if (is("edit") && li) this.feed.showEdit(li);
    else if (is("skip")) this.focusOn(".end > .back");
    else if (is("back")) this.focusOn(".title");
    else if (is("whole")) this.whole();
    else if ((is("to") || is("when")) && li) this.go(event, is("to") ? pressed.dataset.to : li.dataset.key);
  }

  /** @param {string} name */
  focusOn(name) {
    this.section.querySelector(name).focus();
  }

  pause() {
    this.feed.live.tell(this.feed.live.state.paused ? "resume" : "pause");
  }

  /** Read in another order. @param {string} order */
  async reorder(order) {
    const rest = this.query.replace(/(^|&)(sort|featured)=[^&]*/g, "").replace(/^&/, "");
    const query = order === "picks" ? `featured=true&${rest}` : `sort=${order}&${rest}`;
    const asked = ++this.asked;
    attr(this.list, "aria-busy", "true");
    try {
      const page = await this.api.page(query);
      if (asked !== this.asked) return;
      this.query = query;
      this.single = null;
      this.section.querySelector(".line-of")?.remove();
      await this.fill(page);
    } catch {
      if (asked !== this.asked || this.signal.aborted) return;
      this.head.choose(/featured=true/.test(this.query) ? "picks" : (/sort=(\w+)/.exec(this.query)?.[1] ?? "newest"));
      this.trouble();
    } finally {
      if (asked === this.asked) this.list.removeAttribute("aria-busy");
    }
  }

  trouble() {
    if (!this.signal.aborted) this.head.tell(this.words.say("part_failed"));
  }

  /** Load more comments, or more replies of one. @param {HTMLElement} button @param {Item | null} li */
  async load(button, li) {
    if (button.getAttribute("aria-busy")) return;
    attr(button, "aria-busy", "true");
    const cursor = String(button.dataset.next);
    const asked = this.asked;
    try {
      const found = li ? await this.api.replies(String(li.dataset.key), cursor) : await this.api.page(this.query, cursor);
      if (asked !== this.asked) return;
      const had = this.head.active === button;
      for (const row of found.comments) this.feed.waiting.delete(row.id);
      const first = await this.rows.append(found.comments, li);
      if (li) this.rows.more(li, found.next);
      else this.cursor = found.next;
      this.rows.recount(li);
      this.feed.notify();
      if (first && (had || !this.head.active)) this.rows.article(first).focus();
    } catch {
      this.trouble();
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  /** @param {Item} li @param {boolean} folded */
  fold(li, folded) {
    this.rows.fold(li, folded);
    this.rows.folds.set(String(li.dataset.key), folded);
  }

  /** The branches that this reader has hidden, for as long as the tab is open. */
  folds() {
    const key = `hansard:folded:${this.api.thread.pathname}`;
    /** @type {Set<string>} */
    let found = new Set();
    try {
      found = new Set(JSON.parse(sessionStorage.getItem(key) ?? "[]"));
    } catch {
      // Storage is off, or holds what somebody else put there: nothing is hidden.
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

  /** @param {Item} li @param {HTMLElement} button */
  async versions(li, button) {
    try {
      const { toggle } = await import("./history.js");
      await toggle(this.rows.article(li), button, this.api, this.words);
    } catch {
      this.trouble();
    }
  }

  /** Read the page again after a reset; what is read stays where it is. */
  async again() {
    const asked = ++this.asked;
    try {
      if (this.single) {
        await this.line(await this.api.comment(this.single));
        return;
      }
      const page = await this.api.page(this.query);
      if (asked !== this.asked) return;
      this.feed.again(page);
      this.cursor = page.next;
    } catch {
      this.trouble();
    }
  }

  /** Show the comment that the address names, if it names one. */
  async visit() {
    const ids = named(location.href, this.element.getAttribute("old"));
    this.section.querySelector(".missing")?.remove();
    for (const id of ids) {
      if (this.rows.items.has(id)) {
        this.stay(id);
        return;
      }
    }
    const asked = ids.length ? ++this.asked : this.asked;
    for (const id of ids) {
      const found = await this.api.comment(id).catch(() => null);
      if (asked !== this.asked || this.signal.aborted) return;
      if (!found) continue;
      this.single = id;
      await this.line(found);
      this.stay(id);
      return;
    }
    if (ids.length && document.querySelectorAll("hansard-comments").length === 1) this.missing();
  }

  /** @param {string} id */
  stay(id) {
    this.letGo();
    const li = this.rows.items.get(id);
    this.rows.reveal(li);
    replaceAddress(id);
    this.letGo = hold(this.rows.article(li), this.signal);
  }

  /** Show one comment below those that it answers. @param {Record<string, any>} found A permalink of the API. */
  async line(found) {
    const rows = [...found.ancestors, found.comment];
    for (let index = rows.length - 2; index >= 0; index -= 1) {
      rows[index] = { ...rows[index], replies: { count: 1, comments: [rows[index + 1]], next: null } };
    }
    await this.fill({ thread: found.thread, sort: this.head.order, comments: [rows[0]], next: null });
    this.section.querySelector(".line-of")?.remove();
    this.list.before(el("p.say.line-of", {}, el("button.whole", {}, this.words.say("whole"))));
  }

  async whole() {
    await this.reorder(this.head.order);
    if (!this.single) this.focusOn(".title");
  }

  missing() {
    const { section, words } = this;
    section.querySelector(":scope > .told")?.before(el("p.say.missing", { role: "alert" }, words.say("not_here")));
    section.scrollIntoView({ block: "start" });
    this.focusOn(".title");
  }

  /** Follow a link to a comment that is on screen already. @param {MouseEvent} event @param {string | undefined} id */
  go(event, id) {
    if (!id || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (!this.rows.items.has(id)) return;
    event.preventDefault();
    const address = new URL(location.href);
    address.hash = `comment-${id}`;
    if (address.href !== location.href) history.pushState(null, "", address);
    this.stay(id);
  }
}
