// Frames of the feed: what may be shown at once is shown, and everything else waits until the reader asks for it.

import { child, el, inView, say } from "../shared/dom.js";
import { Live } from "../shared/live.js";
import { show } from "./head.js";
import { Status } from "./status.js";

/** Least time between two announcements to screen readers, in milliseconds. */
const ANNOUNCED_EVERY_MS = 60_000;

/** @typedef {import("./row.js").Row} Row @typedef {import("./rows.js").Item} Item */

/** True if a position is after another. @param {string} one @param {string} other */
function isAfter(one, other) {
  const [ms, n] = one.split("-").map(Number);
  const [otherMs, otherN] = other.split("-").map(Number);
  return ms === otherMs ? n > otherN : ms > otherMs;
}

export class Feed {
  /** @param {import("./discussion.js").Discussion} discussion */
  constructor(discussion) {
    const { api, rows, signal, words } = discussion;
    this.discussion = discussion;
    this.rows = rows;
    this.words = words;
    /** The renderer, which applies frames. Loaded for the first frame. @type {import("./render.js").Renderer | undefined} */
    this.renderer = undefined;
    this.timer = 0;
    /** @type {Map<string, Row>} New rows that the reader has not asked for yet. */
    this.waiting = new Map();
    /** @type {Map<string, Row>} Newer rows of items in view. */
    this.held = new Map();
    /** Comments beside which something is told. @type {Set<string>} */
    this.noted = new Set();
    /** @type {[string, any, string | null][]} */
    this.queue = [];
    this.draining = false;
    this.announced = 0;
    /** New comments that screen readers are to be told of. */
    this.untold = 0;
    this.live = new Live({
      address: (after) => api.address("/feed", `after=${after}`),
      after: rows.position,
      frame: (...frame) => this.take(frame),
      changed: () => this.status.show(this.waitingBelow(null).length),
    });
    this.status = new Status(discussion, this.live);
    this.live.begin();
    signal.addEventListener("abort", () => {
      this.live.end();
      this.status.end();
      clearTimeout(this.timer);
    });
  }

  /** @param {[string, any, string | null]} frame */
  take(frame) {
    this.queue.push(frame);
    if (this.draining) return;
    this.draining = true;
    const apply = () => this.drain();
    if (document.visibilityState === "visible") requestAnimationFrame(apply);
    else setTimeout(apply);
  }

  /** Apply the frames that have come. They stay where what applies them cannot be loaded. */
  async drain() {
    this.draining = true;
    const { discussion } = this;
    try {
      if (!this.renderer) {
        this.renderer = await discussion.rendering();
        discussion.mended();
      }
    } catch {
      discussion.warn(() => this.drain());
      return;
    } finally {
      this.draining = false;
    }
    for (const [kind, data, id] of this.queue.splice(0)) {
      if (kind === "reset") {
        // What came before it is in the page that is read now.
        this.reset();
        continue;
      }
      // A later version may tell of what this one does not know.
      if (!data?.thread) continue;
      if (data.comment) this.apply(data.comment, data.row, id);
      show(discussion, data.thread);
    }
    this.notify();
  }

  /** Read the page again. */
  async reset() {
    const { discussion } = this;
    try {
      await (await discussion.paging()).again();
    } catch {
      discussion.warn(() => this.reset());
    }
  }

  /** @param {string} id @param {Row | null} row @param {string | null} position */
  apply(id, row, position) {
    const { renderer, rows } = this;
    if (position && !isAfter(position, rows.position)) return;
    const li = rows.items.get(id);
    const name = row?.author?.name ?? null;
    renderer.rename(id, name);
    for (const other of [...this.waiting.values(), ...this.held.values()]) {
      if (other.in_reply_to?.comment === id) other.in_reply_to.name = name;
    }
    if (!row) {
      this.waiting.delete(id);
      this.held.delete(id);
      if (li) renderer.remove(li);
    } else if (!li) this.await(row);
    else if (!row.author) {
      this.held.delete(id);
      renderer.keepHeight(li);
      renderer.show(li, row);
    } else if (renderer.refresh(li, row)) this.held.delete(id);
    else this.held.set(id, row);
  }

  /** A row that is not on screen. It waits, unless it belongs to what was never loaded. @param {Row} row */
  await(row) {
    const { discussion, rows, waiting } = this;
    if (discussion.writing?.published(row)) return;
    if (waiting.has(row.id)) {
      // It waits already: this is a newer state of it.
    } else if (!row.parent) {
      const last = rows.list.lastElementChild;
      if (last && row.posted_at < rows.postedAt(last) && discussion.more && discussion.order === "newest") return;
    } else if (!waiting.has(row.parent)) {
      const parent = rows.items.get(row.parent);
      if (!parent) return;
      const under = child(parent, "under");
      const last = under?.firstElementChild?.lastElementChild;
      const more = under && child(under, "more");
      if (more && (!last || row.posted_at > rows.postedAt(last))) return;
    }
    waiting.set(row.id, row);
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
    const { rows, status, words } = this;
    /** @param {string | null} id */
    const count = (id) => this.waitingBelow(id).filter((row) => row.author).length;
    const n = count(null);
    status.news(n, () => this.reveal(null));
    status.show(n);
    const parents = new Set([...this.waiting.values()].map((row) => row.parent));
    const noted = new Set([...this.noted, ...parents, ...this.held.keys()]);
    this.noted.clear();
    for (const id of noted) {
      const li = rows.items.get(id);
      if (!li) continue;
      const notes = child(child(rows.article(li), "acts"), "notes");
      const replies = parents.has(id) ? count(id) : 0;
      const held = this.held.get(id);
      offer(notes, "edit", held && words.say(heldKey(li, held)), () => this.showEdit(li));
      offer(notes, "replies", replies && words.say("new_replies", { n: replies }), () => this.reveal(id));
      if (notes.firstChild) this.noted.add(id);
    }
    this.announce(n);
  }

  /** Show the newer text of an item. @param {Item} li */
  showEdit(li) {
    const id = String(li.dataset.key);
    const row = this.held.get(id);
    this.held.delete(id);
    if (row) this.renderer.show(li, row);
    this.rows.article(li).focus({ preventScroll: true });
    this.notify();
  }

  /** The row of an item is shown as it is now: no newer one waits. @param {string} id */
  settled(id) {
    this.held.delete(id);
    this.notify();
  }

  /** Put the waiting rows below an item, or at the top, where they belong. @param {string | null} id */
  reveal(id) {
    const { discussion, renderer, rows, words } = this;
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
      const li = renderer.insert(row, discussion.order);
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

  /** Tell screen readers the number of new comments: once a minute at most, and never while the reader types. @param {number} n */
  announce(n) {
    this.untold = n;
    if (n && this.timer) return;
    const wait = this.announced + ANNOUNCED_EVERY_MS - Date.now();
    if (n && (wait > 0 || document.activeElement?.matches("input, textarea, [contenteditable]"))) {
      const later = () => {
        this.timer = 0;
        this.announce(this.untold);
      };
      this.timer = setTimeout(later, Math.max(wait, 1000));
    } else {
      if (n) this.announced = Date.now();
      this.discussion.tell(n ? this.words.say("new_comments", { n }) : "");
    }
  }

  /** Nothing waits: the rows are those of another page. A cache may have given one that is older than what was followed. */
  fresh() {
    const { position } = this.rows;
    this.waiting.clear();
    this.held.clear();
    if (isAfter(this.live.after, position)) this.live.from(position);
  }

  /** Bring what is on screen up to date with a page that was read again. @param {Record<string, any>} page */
  again(page) {
    const { discussion, renderer, rows } = this;
    rows.position = page.thread.position;
    this.fresh();
    /** @type {Map<string, Row>} */
    const now = new Map();
    const walk = (some) => {
      for (const row of some) {
        now.set(row.id, row);
        walk(row.replies.comments);
      }
    };
    walk(page.comments);
    for (const [id, li] of [...rows.items]) if (!now.has(id) && rows.items.has(id)) renderer.remove(li);
    for (const row of now.values()) {
      const li = rows.items.get(row.id);
      if (!li) this.waiting.set(row.id, row);
      else if (!renderer.refresh(li, row)) this.held.set(row.id, row);
    }
    for (const row of now.values()) {
      const li = rows.items.get(row.id);
      if (!li) continue;
      if (row.replies.next) renderer.more(li, row.replies.next);
      rows.recount(li, false);
    }
    show(discussion, page.thread);
    this.notify();
  }
}

/** The key of the words about a newer row of an item. @param {Item} li @param {Row} held */
function heldKey(li, held) {
  const { revision } = li.querySelector(".row").dataset;
  return revision && revision !== String(held.revision) ? "edited_now" : "changed_now";
}

/** A button beside a row, or none. What comes later stands before, because the line ends at the edge: nothing moves. @param {Element} notes @param {string} name @param {string | number | undefined} text @param {() => void} onclick */
function offer(notes, name, text, onclick) {
  let button = child(notes, name);
  if (!text) button?.remove();
  else {
    if (!button) notes.prepend((button = el(`button.${name}`, { onclick })));
    say(button, text);
  }
}
