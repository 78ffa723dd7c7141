// What comes by the feed: what may be shown at once is shown, and everything else waits until the reader asks for it.

import { el, inView, say } from "../shared/dom.js";
import { Live } from "../shared/live.js";

/** Least time between two things that a screen reader is told. */
const TOLD_MS = 60_000;

/** @typedef {import("./row.js").Row} Row @typedef {import("./rows.js").Item} Item */

/** Whether a position is after another. @param {string} one @param {string} other */
export function isAfter(one, other) {
  const [ms, n] = one.split("-").map(Number);
  const [otherMs, otherN] = other.split("-").map(Number);
  return ms === otherMs ? n > otherN : ms > otherMs;
}

export class Feed {
  /**
   * @param {object} given
   * @param {import("./rows.js").Rows} given.rows
   * @param {import("./api.js").Api} given.api
   * @param {import("./head.js").Head} given.head
   * @param {() => string} given.order
   * @param {() => boolean} given.cut Whether there are more comments at the end of the list.
   * @param {(thread: Record<string, any>) => void} given.changed Told of the thread's number and state.
   * @param {() => Promise<void>} given.reset Reads the page again.
   */
  constructor(given) {
    this.rows = given.rows;
    this.head = given.head;
    this.order = given.order;
    this.cut = given.cut;
    this.changed = given.changed;
    this.reset = given.reset;
    this.timer = 0;
    /** @type {Map<string, Row>} New rows that the reader has not asked for yet. */
    this.waiting = new Map();
    /** @type {Map<string, Row>} Newer rows of items in view. */
    this.held = new Map();
    /** @type {[string, any, string | null][]} */
    this.queue = [];
    this.told = 0;
    this.live = new Live({
      address: (after) => given.api.address("/feed", `after=${after}`),
      after: given.rows.position,
      frame: (...frame) => this.take(frame),
      changed: () => given.head.stream(this.live, this.waitingBelow(null).length),
    });
    this.live.begin();
  }

  end() {
    this.live.end();
    clearTimeout(this.timer);
  }

  /** @param {[string, any, string | null]} frame */
  take(frame) {
    this.queue.push(frame);
    if (this.queue.length > 1) return;
    const apply = () => this.drain();
    if (document.visibilityState === "visible") requestAnimationFrame(apply);
    else setTimeout(apply);
  }

  drain() {
    const frames = this.queue.splice(0);
    for (const [kind, data, id] of frames) {
      if (kind === "reset") {
        // What came before it is in the page that is read now.
        this.reset();
        continue;
      }
      if (data.comment) this.apply(data.comment, data.row, id);
      this.changed(data.thread);
    }
    this.notify();
  }

  /** @param {string} id @param {Row | null} row @param {string | null} position */
  apply(id, row, position) {
    const { rows } = this;
    if (position && !isAfter(position, rows.position)) return;
    const li = rows.items.get(id);
    rows.rename(id, row?.author?.name ?? null);
    for (const map of [this.waiting, this.held]) {
      for (const other of map.values()) {
        if (other.in_reply_to?.comment === id) other.in_reply_to.name = row?.author?.name ?? null;
      }
    }
    if (!row) {
      this.waiting.delete(id);
      this.held.delete(id);
      if (li) rows.remove(li);
    } else if (!li) this.await(row);
    else if (!row.author) {
      this.held.delete(id);
      rows.keepHeight(li);
      rows.show(li, row);
    } else if (rows.refresh(li, row)) this.held.delete(id);
    else this.held.set(id, row);
  }

  /** A row that is not on screen. It waits, unless it belongs to what was never loaded. @param {Row} row */
  await(row) {
    const { rows } = this;
    if (this.waiting.has(row.id)) {
      this.waiting.set(row.id, row);
      return;
    }
    if (!row.parent) {
      const last = rows.list.lastElementChild;
      if (this.cut() && this.order() === "newest" && last && row.posted_at < rows.postedAt(last)) return;
    } else if (!this.waiting.has(row.parent)) {
      const parent = rows.items.get(row.parent);
      if (!parent) return;
      const last = parent.querySelector(":scope > .under > ol")?.lastElementChild;
      const more = parent.querySelector(":scope > .under > .more");
      if (more && (!last || row.posted_at > rows.postedAt(last))) return;
    }
    this.waiting.set(row.id, row);
  }

  /** The waiting rows at the top, or below an item. @param {string | null} id */
  waitingBelow(id) {
    return [...this.waiting.values()].filter((row) => {
      let top = row;
      while (top.parent && this.waiting.has(top.parent)) top = this.waiting.get(top.parent);
      return (top.parent ?? null) === id;
    });
  }

  /** Tell what waits. A line of its own for comments; beside a row, in room that is kept, for its replies and edits. */
  notify() {
    const { rows, head } = this;
    const { words } = rows.given;
    /** @param {string | null} id */
    const count = (id) => this.waitingBelow(id).filter((row) => row.author).length;
    const n = count(null);
    head.news(n, () => this.reveal(null));
    head.stream(this.live, n);
    const parents = new Set([...this.waiting.values()].map((row) => row.parent));
    for (const notes of rows.list.querySelectorAll(".notes")) {
      const id = String(notes.closest("li").dataset.key);
      if (!notes.firstChild && !parents.has(id) && !this.held.has(id)) continue;
      const replies = parents.has(id) ? count(id) : 0;
      const held = this.held.get(id);
      const wanted = [];
      if (replies) wanted.push(["replies", words.say("new_replies", { n: replies })]);
      if (held) wanted.push(["edit", words.say(this.heldKey(id, held))]);
      this.offer(notes, wanted);
    }
    this.announce(n);
  }

  /** @param {string} id @param {Row} held */
  heldKey(id, held) {
    const shown = this.rows.items.get(id).querySelector(".row")?.getAttribute("data-revision");
    return shown && shown !== String(held.revision) ? "edited_now" : "changed_now";
  }

  /** @param {Element} notes @param {string[][]} wanted */
  offer(notes, wanted) {
    const there = [...notes.children];
    wanted.forEach(([name, text], index) => {
      const button = there.find((one) => one.classList.contains(name)) ?? el(`button.${name}`);
      say(button, text);
      if (notes.children[index] !== button) notes.insertBefore(button, notes.children[index] ?? null);
    });
    for (const one of there) if (!wanted.some(([name]) => one.classList.contains(name))) one.remove();
  }

  /** Show the newer text of an item. @param {Item} li */
  showEdit(li) {
    const id = String(li.dataset.key);
    const row = this.held.get(id);
    this.held.delete(id);
    if (row) this.rows.show(li, row);
    this.rows.article(li).focus({ preventScroll: true });
    this.notify();
  }

  /** Put the waiting rows below an item, or at the top, where they belong. @param {string | null} id */
  reveal(id) {
    const { rows } = this;
    const { words } = rows.given;
    rows.list.querySelectorAll(".new").forEach((mark) => mark.remove());
    rows.list.querySelectorAll(".fresh").forEach((mark) => mark.classList.remove("fresh"));
    const parent = id === null ? null : rows.items.get(id);
    if (parent) rows.fold(parent, false);
    const pending = this.waitingBelow(id).sort((one, other) => (one.posted_at < other.posted_at ? -1 : 1));
    /** @type {Item[]} */
    const shown = [];
    while (pending.length) {
      // A parent may have been posted in the same millisecond as its reply.
      const next = pending.findIndex((row) => !row.parent || rows.items.has(row.parent));
      if (next < 0) break;
      const [row] = pending.splice(next, 1);
      this.waiting.delete(row.id);
      const li = rows.insert(row, this.order());
      if (!row.author) continue;
      const article = rows.article(li);
      article.classList.add("fresh");
      article.querySelector(":scope > .who > b")?.after(el("span.new", {}, words.say("new")));
      shown.push(li);
    }
    shown.sort((one, other) => (one.compareDocumentPosition(other) & 4 ? -1 : 1));
    if (shown[0]) rows.article(shown[0]).focus({ preventScroll: inView(shown[0]) });
    this.notify();
  }

  /** Tell screen readers the number of new comments: once a minute at most, and never while somebody types. @param {number} n */
  announce(n) {
    clearTimeout(this.timer);
    const { words } = this.rows.given;
    const said = n ? words.say("new_comments", { n }) : "";
    const wait = this.told + TOLD_MS - Date.now();
    const typing = document.activeElement?.matches("input, textarea, [contenteditable]");
    if (said && (wait > 0 || typing)) this.timer = setTimeout(() => this.announce(n), Math.max(wait, 1000));
    else {
      if (said) this.told = Date.now();
      this.head.tell(said);
    }
  }

  /** The rows are those of this position. A cache may have given a page that is older than what was followed. @param {string} position */
  follow(position) {
    this.rows.position = position;
    if (isAfter(this.live.after, position)) this.live.from(position);
  }

  /** Bring what is on screen up to date with a page that was read again. @param {Record<string, any>} page */
  again(page) {
    const { rows } = this;
    this.waiting.clear();
    this.held.clear();
    this.follow(page.thread.position);
    /** @type {Map<string, Row>} */
    const now = new Map();
    const walk = (some) => {
      for (const row of some) {
        now.set(row.id, row);
        walk(row.replies.comments);
      }
    };
    walk(page.comments);
    for (const [id, li] of [...rows.items]) if (!now.has(id) && rows.items.has(id)) rows.remove(li);
    for (const row of now.values()) {
      const li = rows.items.get(row.id);
      if (!li) this.waiting.set(row.id, row);
      else if (!rows.refresh(li, row)) this.held.set(row.id, row);
    }
    for (const row of now.values()) {
      const li = rows.items.get(row.id);
      if (!li) continue;
      if (row.replies.next) rows.more(li, row.replies.next);
      rows.recount(li, false);
    }
    this.changed(page.thread);
    this.notify();
  }
}
