/**
 * The page as it stood at a moment: the row that changed whole and marked, every other one in one line, unless asked.
 *
 * What is gone now says so, to whom it is still shown, and why.
 */

import { attr, el, say } from "../shared/dom.js";
import { keyed } from "../shared/keyed.js";
import { insert } from "../shared/text.js";
import { reveal } from "./reveal.js";

/** @typedef {import("./sentences.js").Event} Event */
/** @typedef {any} Row A row of a page, as in the document. */
/**
 * @typedef {{event: Event, page: any, now: Map<string, Row> | null, staff: boolean}} Shown
 *   `now`: for staff, the rows as they are now.
 */

export class Then {
  /**
   * @param {{words: import("../shared/words.js").Words, utc: any, exact: (time: string) => string,
   *   more: (row: Row | null) => Promise<void>, unhide: (row: Row) => Promise<void>,
   *   tried: (work: Promise<unknown>) => void}} room `more` loads what a cut-off parent, or the page, still has;
   *   `unhide` what a tombstone hides from readers.
   */
  constructor(room) {
    this.room = room;
    const words = (this.words = room.words);
    this.list = el("ol.rows");
    this.count = el("span.label.quiet");
    this.whole = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", onchange: () => this.show(this.shown) }));
    this.rest = el("button.act", { type: "button", onclick: () => room.tried(room.more(null)) }, words.say("more"));
    this.element = el("section.then", { "aria-labelledby": "then-title", tabindex: 0 },
      el("h2", { id: "then-title" }, words.say("then"), this.count),
      el("label.whole.label", {}, this.whole, words.say("whole_texts")), this.list, this.rest);
  }

  /** @param {Shown} shown */
  show(shown) {
    this.shown = shown;
    const { page } = shown;
    say(this.count, this.words.say("comments", { n: page.thread.comments }));
    this.#fill(this.list, page.comments, null);
    this.rest.hidden = !page.next;
  }

  /** Keep the row that changed in view, without moving the page. */
  reveal() {
    reveal(this.element, this.list.querySelector(".hit"));
  }

  /** @param {Element} list @param {Row[]} rows @param {Row | null} parent */
  #fill(list, rows, parent) {
    keyed(list, rows, (row) => row.id, (row) => {
      const made = el("li", {}, el("article.row", { id: `then-${row.id}` }), el("ol"));
      this.#update(made, row, parent);
      return made;
    }, (node, row) => this.#update(node, row, parent));
  }

  /** @param {Element} node @param {Row} row @param {Row | null} parent */
  #update(node, row, parent) {
    const [article, list] = /** @type {any} */ (node.children);
    const { event, now } = /** @type {Shown} */ (this.shown);
    const hit = event.comment === row.id;
    const since = now?.get(row.id);
    const { replies, ...own } = row;
    const key = JSON.stringify([own, hit && event.position, this.whole.checked, parent?.posted_at, since?.status, since?.revision, since?.body === null, Boolean(now)]);
    if (node.key !== key) {
      node.key = key;
      article.className = `row ${row.author || row.hidden ? row.status : "tombstone"}${hit ? " hit" : ""}`;
      article.replaceChildren(...this.#content(row, parent, hit, since));
    }
    this.#fill(list, replies.comments, row);
    let more = node.querySelector(":scope > button");
    if (replies.next && !more) {
      more = el("button.act", { type: "button", onclick: () => this.room.tried(this.room.more(row)) }, this.words.say("more"));
      node.append(more);
    } else if (!replies.next) more?.remove();
  }

  /** @param {Row} row @param {Row | null} parent @param {boolean} hit @param {Row | undefined} since */
  #content(row, parent, hit, since) {
    const { words } = this;
    const { staff } = /** @type {Shown} */ (this.shown);
    if (row.hidden) row = { ...row, ...row.hidden, status: row.status, replies: row.replies };
    const time = el("time", { datetime: row.posted_at, title: this.room.exact(row.posted_at) }, this.#when(row, parent));
    const says = this.#sayings(row, hit, since);
    if (!row.author) {
      const open = staff && row.gone !== "erased" && el("button.act", { type: "button", onclick: () => this.room.tried(this.room.unhide(row)) }, words.say("unhide"));
      return [...says, el("div.who", {}, el("span.gone", {}, words.say(`gone.${goneBy(row)}`)), open, time)];
    }
    const who = el("div.who", {}, el("b", {}, el("bdi", {}, row.author.name)),
      ...row.author.badges.map((/** @type {string} */ badge) => el("span.badge", {}, "(", el("bdi", {}, badge), ")")),
      row.featured && el("span.n", {}, words.say("pick")), time);
    return [...says, who, this.#text(row, hit), el("div.v", {}, this.#notes(row, since))];
  }

  /** @param {Row} row @param {boolean} hit */
  #text(row, hit) {
    if (row.html === null) return el("p.gone", {}, this.words.say(row.unknown ? "gone.unwritten" : "gone.redacted"));
    const clipped = !hit && !this.whole.checked;
    // A paragraph of plain words, as most are, needs no parser.
    if (clipped && row.html === `<p>${row.body}</p>\n`) return el("p.text.clip", { dir: "auto" }, row.body);
    const text = el("div.text", { dir: "auto" });
    insert(text, row.html);
    return clipped ? el("p.text.clip", { dir: "auto" }, text.textContent) : text;
  }

  /** The lines above the text: the event of this moment, what readers saw then, what became of the comment.
   * @param {Row} row @param {boolean} hit @param {Row | undefined} since */
  #sayings(row, hit, since) {
    const { words } = this;
    const { event, staff } = /** @type {Shown} */ (this.shown);
    /** @type {HTMLElement[]} */
    const says = [];
    const line = (/** @type {string} */ kind, /** @type {(Node | string)[]} */ ...said) => says.push(el(`p.say${kind}`, {}, ...said));
    if (hit) line("", hitOf(event, row, words));
    else if (row.author && row.status !== "published") line("", words.say(`state.${row.status}`));
    if (!staff || !row.author) return says;
    const state = row.body === null && !row.unknown ? "redacted" : (row.hidden ?? since)?.status;
    if (state && state !== "published") line(".since", words.say(`since.${state}`));
    const why = (row.status === "published" ? since : row)?.moderation;
    if (why && (row.status !== "published" || (state && state !== "published"))) {
      if (why.reason) line(".why", ...words.parts("why", { reason: el("bdi", {}, why.reason) }));
      if (why.rule) line(".why", words.say("why_rule", { rule: why.match ? `${why.rule}: ${why.match}` : why.rule }));
    }
    return says;
  }

  /** @param {Row} row @param {Row | undefined} since */
  #notes(row, since) {
    const { words } = this;
    const notes = [];
    if (since && since.revision > row.revision) notes.push(words.say("version_coming", { number: row.revision }));
    else if (row.revision > 1) notes.push(words.say("version", { number: row.revision }));
    const { up, down } = row.votes;
    if (row.status !== "published") notes.push(words.say("votes_down", { up, down }));
    else if (up && down) notes.push(words.say("votes_both", { up, down }));
    else if (up) notes.push(words.say("votes_for", { up }));
    else if (down) notes.push(words.say("votes_against", { down }));
    return notes.join(" · ");
  }

  /** The hour; with the day, unless the row hangs under one of the same day.
   * @param {Row} row @param {Row | null} parent */
  #when(row, parent) {
    const at = new Date(row.posted_at);
    const clock = this.room.utc.clock(at);
    return parent && this.room.utc.key(new Date(parent.posted_at)) === this.room.utc.key(at) ? clock : this.words.say("day_clock", { day: this.room.utc.dated(at), clock });
  }
}

/** By what a row without an author is gone, as a key of the words. @param {Row} row */
export function goneBy(row) {
  if (row.gone) return row.gone;
  return { withdrawn: "author", pending: "pending", rejected: "moderator" }[row.status] ?? "unknown";
}

/** The sentence above the row that changed.
 * @param {Event} event @param {Row} row @param {import("../shared/words.js").Words} words */
export function hitOf(event, row, words) {
  let key = event.type;
  if (event.data?.rule) key += ".held";
  else if (key === "vote.cast") key = event.data.value > 0 ? "vote.for" : "vote.against";
  else if (key === "comment.rejected" && row.replies.count === 0) key += ".absent";
  if (!(`hit.${key}` in words.all)) key = "other";
  return words.say(`hit.${key}`, { rule: event.data?.rule ?? "", revision: event.revision ?? 1 });
}

/** Every row of a page by id. @param {any} page @returns {Map<string, Row>} */
export function rowsOf(page) {
  const found = new Map();
  const walk = (/** @type {Row[]} */ rows) => {
    for (const row of rows) {
      found.set(row.id, row);
      walk(row.replies.comments);
    }
  };
  walk(page.comments);
  return found;
}

/** True if nothing of a page was left out of its answer. @param {any} page */
export function isWhole(page) {
  return !page.next && [...rowsOf(page).values()].every(({ replies }) => !replies.next);
}
