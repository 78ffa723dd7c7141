// Rows that are made, changed and taken away. Loaded for the first row that the gateway has not written as it is now.

import { attr, child, el, inView, say } from "../shared/dom.js";
import { answered, differs, item, update, updateVotes } from "./row.js";

/** Rows that are made before the browser draws for the first time: those that a window may show. */
const FIRST = 8;
const FEWEST = 8;
const MOST = 60;
/** Milliseconds in which rows are made before the browser may do something else: a task of 50 ms is felt. */
const MAKING_MS = 12;
/** Milliseconds in which rows are drawn: next time more where it took less, fewer where it took twice as long. */
const DRAWING_MS = 18;
/** Milliseconds after which nothing is drawn: the page, or the frame that it is in, is out of sight. */
const UNSEEN_MS = 250;

/** @typedef {import("./row.js").Row} Row @typedef {import("./rows.js").Item} Item */

export class Renderer {
  /** @param {import("./rows.js").Rows} rows @param {AbortSignal} signal */
  constructor(rows, signal) {
    this.rows = rows;
    this.given = rows.given;
    /** The number of times that rows waited until the browser drew. */
    this.drawings = 0;
    /** The lines that name whom replies answer, by the comment. @type {Map<string, Element[]> | null} */
    this.answers = null;
    rows.watchers.push(() => this.forget());
    /** Items that keep their height until they are out of sight. */
    this.watcher = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (!isIntersecting) this.release(target);
    });
    signal.addEventListener("abort", () => this.watcher.disconnect());
  }

  /** The list that the replies of an item are in, made where there is none. @param {Item | null} li */
  listOf(li) {
    if (!li) return this.rows.list;
    let under = child(li, "under");
    if (!under) li.append((under = el("div.under", {}, el("ol"))));
    return under.firstElementChild;
  }

  /**
   * Put rows at the end of a list, in their order. A row that is on screen already is moved there.
   * @param {Row[]} rows @param {Item | null} parent @param {() => boolean} [wanted] Asked after each chunk.
   * @returns {Promise<Item | null>} The first that was not there before.
   */
  async append(rows, parent, wanted = () => true) {
    const { items } = this.rows;
    const first = rows.find((row) => !items.has(row.id));
    const list = this.listOf(parent);
    // Rows are put together out of the document, and inserted at once.
    const apart = document.createDocumentFragment();
    const insert = () => list.append(apart);
    let most = FIRST;
    let made = 0;
    let begun = performance.now();
    const making = this.put(rows, parent, apart, insert, parent && this.rows.postedAt(parent));
    while (!making.next().done) {
      made += 1;
      if (made < most && performance.now() - begun < MAKING_MS) continue;
      insert();
      const took = await drawn();
      this.drawings += 1;
      if (!wanted()) return null;
      if (took < DRAWING_MS) most = Math.min(MOST, most * 2);
      else if (took > 2 * DRAWING_MS) most = Math.max(FEWEST, most >> 1);
      made = 0;
      begun = performance.now();
    }
    insert();
    if (parent) this.rows.recount(parent);
    return (first && items.get(first.id)) ?? null;
  }

  /**
   * Each row, and then its replies, at the end of a list.
   * @param {Row[]} rows @param {Item | null} parent @param {Node} list @param {() => void} insert Inserts what is there.
   * @param {string | null} above When the parent was posted.
   * @returns {Generator<Item>}
   */
  *put(rows, parent, list, insert, above) {
    const { items } = this.rows;
    for (const row of rows) {
      // The parent may have been taken away while the browser drew.
      if (parent && items.get(String(parent.dataset.key)) !== parent) return;
      const { comments, next } = row.replies;
      const known = items.get(row.id);
      const n = known ? 0 : size(comments);
      const li = known ?? item(row, this.given, n);
      if (known) {
        insert();
        this.listOf(parent).append(li);
        this.refresh(li, row);
      } else {
        list.appendChild(li);
        this.rows.take(li, row, above, n);
      }
      yield li;
      const { drawings } = this;
      if (comments.length) yield* this.put(comments, li, this.listOf(li), insert, row.posted_at);
      if (known || next) this.more(li, next);
      // What happened while the browser drew may have counted the replies that were there then.
      if (known || drawings !== this.drawings) this.rows.recount(li, false);
    }
  }

  /** The button for replies that are not here yet. @param {Item} li @param {string | null} next */
  more(li, next) {
    const under = child(li, "under");
    let button = under && child(under, "more");
    if (!next) button?.remove();
    else {
      // Without a number: replies bring their own replies along, and nobody has counted these.
      if (!button) this.listOf(li).after((button = el("button.more")));
      say(button, this.given.words.say("more_replies"));
      attr(button, "data-next", next);
    }
  }

  /**
   * Show a newer row. Where its text is in view the reader is asked first.
   * @param {Item} li @param {Row} row
   * @returns {boolean} False if the row waits to be shown.
   */
  refresh(li, row) {
    const article = this.rows.article(li);
    const starred = Boolean(row.featured || row.pinned) !== Boolean(child(article, "star"));
    if (row.author && (differs(article, row) || starred) && inView(article)) {
      updateVotes(article, row, this.given);
      return false;
    }
    this.show(li, row);
    return true;
  }

  /** @param {Item} li @param {Row} row */
  show(li, row) {
    update(this.rows.article(li), row, this.given);
    this.rows.localise(li);
    for (const watch of this.rows.watchers) watch(li);
  }

  /** Show the votes of a newer row. @param {Item} li @param {Row} row */
  votes(li, row) {
    updateVotes(this.rows.article(li), row, this.given);
  }

  /** Rows were made or changed: look again for the lines that name whom replies answer. */
  forget() {
    this.answers = null;
  }

  /** Name, or name no longer, whom replies answer. @param {string} id @param {string | null} name */
  rename(id, name) {
    if (!this.answers) {
      this.answers = new Map();
      for (const link of this.rows.list.querySelectorAll(".to")) {
        const to = String(link.getAttribute("data-to"));
        const others = this.answers.get(to);
        if (others) others.push(link);
        else this.answers.set(to, [link]);
      }
    }
    for (const link of this.answers.get(id) ?? []) {
      const wanted = el("a", {}, ...answered(name, this.given.words));
      if (link.textContent !== wanted.textContent) link.replaceChildren(...wanted.childNodes);
    }
  }

  /** Keep the height of an item until it is out of sight. @param {Item} li */
  keepHeight(li) {
    const article = this.rows.article(li);
    if (!inView(article)) return;
    article.style.minBlockSize = `${article.getBoundingClientRect().height}px`;
    article.classList.add("kept");
    this.watcher.observe(li);
  }

  /** @param {Item} li An item that is out of sight. */
  release(li) {
    const article = this.rows.article(li);
    this.watcher.unobserve(li);
    article.classList.remove("kept");
    article.removeAttribute("style");
    if (li.classList.contains("leaving")) this.drop(li);
  }

  /** Take an item away. What it said goes at once; its place closes when it is out of sight. @param {Item} li */
  remove(li) {
    const { rows } = this;
    for (const one of [li, ...li.querySelectorAll("li[data-key]")]) rows.items.delete(String(one.dataset.key));
    if (!inView(rows.article(li))) {
      this.drop(li);
      return;
    }
    this.keepHeight(li);
    li.classList.add("leaving");
    child(li, "under")?.remove();
    child(child(rows.article(li), "acts"), "notes").replaceChildren();
    update(rows.article(li), { id: li.dataset.key, status: "", author: null, revision: null }, this.given);
    rows.recount(rows.above(li));
  }

  /** @param {Item} li */
  drop(li) {
    const parent = this.rows.above(li);
    li.remove();
    this.rows.recount(parent);
  }

  /**
   * Put a new row where it belongs: replies and `oldest` by time, otherwise in front of what is older.
   * @param {Row} row @param {string} order
   * @returns {Item}
   */
  insert(row, order) {
    const { rows } = this;
    // An item of the comment that is about to leave goes at once.
    const leaving = rows.list.querySelector(`li.leaving[data-key="${CSS.escape(row.id)}"]`);
    if (leaving) this.drop(/** @type {Item} */ (leaving));
    const parent = row.parent ? rows.items.get(row.parent) : null;
    const list = this.listOf(parent);
    const li = item(row, this.given);
    const before = parent || order === "oldest";
    const next = [...list.children].find((one) => {
      if (!parent && one.querySelector(":scope > .row > .star.pinned")) return false;
      const at = rows.postedAt(one);
      return before ? at > row.posted_at : order !== "newest" || at <= row.posted_at;
    });
    list.insertBefore(li, next ?? null);
    rows.take(li, row, parent && rows.postedAt(parent));
    rows.recount(parent);
    return li;
  }
}

/** The number of rows with their replies. @param {Row[]} rows @returns {number} */
function size(rows) {
  return rows.reduce((n, { replies }) => n + 1 + size(replies.comments), 0);
}

/** Wait until what is there is drawn. @returns {Promise<number>} Milliseconds that it took. */
function drawn() {
  return new Promise((done) => {
    const unseen = setTimeout(() => done(0), document.visibilityState === "visible" ? UNSEEN_MS : 0);
    requestAnimationFrame(() => {
      clearTimeout(unseen);
      const begun = performance.now();
      setTimeout(() => done(performance.now() - begun));
    });
  });
}
