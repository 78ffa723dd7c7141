// The tree of rows on screen, by comment. The DOM is the state: a row is a list item, its replies are the list below it.

import { attr, el, inView, say } from "../shared/dom.js";
import { answered, differs, item, localise, update, updateVotes } from "./row.js";

/** Rows made before the browser may do something else. */
const CHUNK = 30;

/** @typedef {import("./row.js").Row} Row @typedef {HTMLElement} Item A list item. */

export class Rows {
  /**
   * @param {HTMLElement} list @param {import("./row.js").Given} given @param {string} position
   * @param {{ has: (id: string) => boolean, set: (id: string, folded: boolean) => void }} folds Branches that are hidden.
   */
  constructor(list, given, position, folds) {
    this.list = list;
    this.given = given;
    this.folds = folds;
    /** Position of the page, and of single rows that are newer. */
    this.position = position;
    /** @type {Map<string, Item>} */
    this.items = new Map();
    /** @type {WeakSet<Element>} Items that keep their height until they are out of sight. */
    this.watcher = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (!isIntersecting) this.release(target);
    });
    for (const link of list.querySelectorAll("noscript")) link.remove();
    for (const li of list.querySelectorAll("li[data-key]")) this.take(li);
    localise(list, given.words);
  }

  /** Stop to watch. */
  end() {
    this.watcher.disconnect();
  }

  /** @param {Item} li */
  take(li) {
    const id = String(li.dataset.key);
    this.items.set(id, li);
    if (this.folds.has(id)) this.fold(li, true);
  }

  /** The list that the replies of an item are in, made where there is none. @param {Item | null} li */
  listOf(li) {
    if (!li) return this.list;
    let under = li.querySelector(":scope > .under");
    if (!under) li.append((under = el("div.under", {}, el("ol"))));
    return under.firstElementChild;
  }

  /** The item that an item hangs under. @param {Item} li @returns {Item | null} */
  above(li) {
    return li.parentElement?.closest("li") ?? null;
  }

  /** @param {Item} li */
  article(li) {
    return li.firstElementChild;
  }

  /**
   * Put rows at the end of a list, in their order. A row that is on screen already is moved there.
   * @param {Row[]} rows @param {Item | null} parent
   * @returns {Promise<Item | null>} The first that was not there before.
   */
  async append(rows, parent) {
    /** @type {Item | null} */
    let first = null;
    let made = 0;
    for (const row of rows) {
      const count = this.items.size;
      const known = this.items.has(row.id);
      const li = this.one(row, parent);
      if (!known) first ??= li;
      made += this.items.size - count;
      if (made < CHUNK) continue;
      made = 0;
      await new Promise((rest) => setTimeout(rest));
    }
    if (parent) this.recount(parent);
    return first;
  }

  /** One row with its replies, at the end of its list. @param {Row} row @param {Item | null} parent @returns {Item} */
  one(row, parent) {
    const known = this.items.get(row.id);
    const li = known ?? item(row, this.given);
    this.listOf(parent).append(li);
    if (known) this.refresh(li, row);
    const { comments, next } = row.replies;
    for (const reply of comments) this.one(reply, li);
    this.more(li, next);
    this.recount(li, false);
    if (!known) {
      this.take(li);
      localise(this.article(li), this.given.words);
    }
    return li;
  }

  /** The button for replies that are not here yet. @param {Item} li @param {string | null} next */
  more(li, next) {
    let button = li.querySelector(":scope > .under > .more");
    if (!next) button?.remove();
    else {
      // Without a number: replies bring their own replies along, and nobody has counted these.
      if (!button) this.listOf(li).after((button = el("button.more", {}, this.given.words.say("more_replies"))));
      attr(button, "data-next", next);
    }
  }

  /** Word the number of replies below an item, and below those above it. @param {Item | null} li @param {boolean} [upwards] */
  recount(li, upwards = true) {
    if (!li) return;
    const { words } = this.given;
    const acts = this.article(li).querySelector(":scope > .acts");
    const under = li.querySelector(":scope > .under");
    let fold = acts.querySelector(".fold");
    const n = li.querySelectorAll("li[data-key]:not(.leaving)").length;
    if (!n) {
      fold?.remove();
      if (!under?.querySelector(".leaving, .more")) under?.remove();
      else attr(under, "hidden", null);
    } else {
      if (!fold) acts.append((fold = el("button.fold", { "aria-expanded": "true" })));
      say(fold, words.say(fold.getAttribute("aria-expanded") === "true" ? "hide_replies" : "show_replies", { n }));
    }
    if (upwards) this.recount(this.above(li));
  }

  /**
   * Show a newer row. Where its text is in view the reader is asked first.
   * @param {Item} li @param {Row} row
   * @returns {boolean} False if the row waits to be shown.
   */
  refresh(li, row) {
    const article = this.article(li);
    const starred = Boolean(row.featured || row.pinned) !== Boolean(article.querySelector(":scope > .star"));
    if (row.author && (differs(article, row) || starred) && inView(article)) {
      updateVotes(article, row, this.given);
      return false;
    }
    this.show(li, row);
    return true;
  }

  /** @param {Item} li @param {Row} row */
  show(li, row) {
    const article = this.article(li);
    update(article, row, this.given);
    localise(article, this.given.words);
  }

  /** Hide or show the replies of an item. @param {Item} li @param {boolean} folded */
  fold(li, folded) {
    const under = li.querySelector(":scope > .under");
    const button = this.article(li).querySelector(":scope > .acts > .fold");
    if (!under || !button) return;
    if (folded && under.matches(":focus-within")) button.focus();
    attr(under, "hidden", folded && "until-found");
    attr(button, "aria-expanded", String(!folded));
    this.recount(li, false);
  }

  /** Show an item: whatever is folded above it is opened. @param {Item} li */
  reveal(li) {
    for (let up = this.above(li); up; up = this.above(up)) this.fold(up, false);
    const long = li.querySelector(":scope > .row > .text > .long");
    if (long) attr(long, "open", true);
  }

  /** Name, or name no longer, whom replies answer. @param {string} id @param {string | null} name */
  rename(id, name) {
    for (const link of this.list.querySelectorAll(`a.to[data-to="${CSS.escape(id)}"]`)) {
      const wanted = answered(name, this.given.words);
      if (link.textContent !== wanted.map((one) => (typeof one === "string" ? one : one.textContent)).join("")) link.replaceChildren(...wanted);
    }
  }

  /** Keep the height of an item until it is out of sight. @param {Item} li */
  keepHeight(li) {
    const article = this.article(li);
    if (!inView(article)) return;
    article.style.minBlockSize = `${article.getBoundingClientRect().height}px`;
    article.classList.add("kept");
    this.watcher.observe(li);
  }

  /** @param {Item} li An item that is out of sight. */
  release(li) {
    this.watcher.unobserve(li);
    this.article(li).classList.remove("kept");
    this.article(li).removeAttribute("style");
    if (li.classList.contains("leaving")) this.drop(li);
  }

  /** Take an item away. What it said goes at once; its place closes when it is out of sight. @param {Item} li */
  remove(li) {
    for (const one of [li, ...li.querySelectorAll("li[data-key]")]) {
      this.items.delete(String(one.dataset.key));
    }
    const parent = this.above(li);
    if (!inView(this.article(li))) {
      this.drop(li);
      return;
    }
    this.keepHeight(li);
    li.classList.add("leaving");
    li.querySelector(":scope > .under")?.remove();
    update(this.article(li), { id: li.dataset.key, status: "", author: null, revision: null }, this.given);
    if (parent) this.recount(parent);
  }

  /** @param {Item} li */
  drop(li) {
    const parent = this.above(li);
    li.remove();
    if (parent) this.recount(parent);
  }

  /** When an item was posted. @param {Element} li */
  postedAt(li) {
    return String(li.querySelector("time")?.getAttribute("datetime"));
  }

  /**
   * Put a new row where it belongs: replies and `oldest` by time, otherwise in front of what is older.
   * @param {Row} row @param {string} order
   * @returns {Item}
   */
  insert(row, order) {
    const parent = row.parent ? this.items.get(row.parent) : null;
    const list = this.listOf(parent);
    const li = item(row, this.given);
    const there = [...list.children];
    const pinned = (one) => !parent && one.querySelector(":scope > .row > .star.pinned");
    const next =
      parent || order === "oldest"
        ? there.find((one) => !pinned(one) && this.postedAt(one) > row.posted_at)
        : there.find((one) => !pinned(one) && (order !== "newest" || this.postedAt(one) <= row.posted_at));
    list.insertBefore(li, next ?? null);
    this.take(li);
    localise(this.article(li), this.given.words);
    this.recount(parent);
    return li;
  }
}
