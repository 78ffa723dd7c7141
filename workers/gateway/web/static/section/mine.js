// The caller's own comments that readers do not see: what waits, what was not published and why, what was withdrawn.

import { part } from "../shared/part.js";
import { el } from "../shared/dom.js";
import { item } from "./row.js";

/** @typedef {import("./rows.js").Item} Item @typedef {Record<string, any>} Row */

export class Mine {
  /** @param {import("./writing.js").Writing} writing @param {import("./render.js").Renderer} renderer */
  constructor(writing, renderer) {
    this.writing = writing;
    this.renderer = renderer;
    this.words = writing.words;
    this.rows = writing.discussion.rows;
    /** By comment. @type {Map<string, HTMLElement>} */
    this.items = new Map();
    /** The drawn state of each, as text. @type {Map<string, string>} */
    this.drawn = new Map();
  }

  /** Show what the caller's overlay says. */
  show() {
    const { pending, rejected, withdrawn = [] } = this.writing.me;
    const all = [...pending.map((/** @type {Row} */ row) => [row, "pending"]), ...rejected.map((/** @type {Row} */ row) => [row, "rejected"]), ...withdrawn.map((/** @type {Row} */ row) => [row, "withdrawn"])];
    const now = new Set(all.map(([row]) => row.id));
    for (const [id, li] of this.items) if (!now.has(id)) this.#drop(id, li);
    for (const [row, state] of all.reverse()) this.#one(row, state);
  }

  clear() {
    for (const [id, li] of this.items) this.#drop(id, li);
  }

  /** @param {string} id */
  focus(id) {
    const article = /** @type {HTMLElement | null} */ (this.items.get(id)?.firstElementChild);
    article?.focus({ preventScroll: true });
    article?.scrollIntoView({ block: "nearest" });
  }

  /** One of these is published: it goes where it belongs, at once. @param {Row} row @returns {boolean} */
  published(row) {
    const li = this.items.get(row.id);
    if (!li || this.rows.items.has(row.id)) return false;
    const focused = li.contains(this.writing.discussion.active);
    this.#drop(row.id, li);
    for (const list of ["pending", "rejected", "withdrawn"]) {
      const { me } = this.writing;
      if (me[list]) me[list] = me[list].filter((/** @type {Row} */ one) => one.id !== row.id);
    }
    const shown = this.renderer.insert(row, this.writing.discussion.order);
    if (focused) this.rows.article(shown).focus({ preventScroll: true });
    this.writing.discussion.tell(this.words.say("published_now"));
    return true;
  }

  /** @param {string} id @param {HTMLElement} li */
  #drop(id, li) {
    this.writing.composers.get(`edit:${id}`)?.save();
    li.remove();
    this.items.delete(id);
    this.drawn.delete(id);
  }

  /** @param {Row} row @param {string} state */
  #one(row, state) {
    const { id } = row;
    const edit = state === "pending" && this.rows.items.has(id);
    const text = JSON.stringify([row, state, edit]);
    if (this.drawn.get(id) === text) return;
    this.drawn.set(id, text);
    const made = this.#made(row, state, edit);
    const there = this.items.get(id);
    if (there?.localName === made.localName) {
      // The field in which it is being edited stays.
      there.firstElementChild?.replaceWith(/** @type {Node} */ (made.firstElementChild));
      return;
    }
    if (there) made.append(...[...there.childNodes].slice(1));
    there?.remove();
    this.items.set(id, made);
    this.#place(row, made);
  }

  /** Put everything where it belongs, in a list that was made again. */
  put() {
    const { pending, rejected, withdrawn = [] } = this.writing.me ?? { pending: [], rejected: [] };
    if (this.writing.me) this.show();
    for (const row of [...pending, ...rejected, ...withdrawn].reverse()) {
      const made = this.items.get(row.id);
      if (made) this.#place(row, made);
    }
  }

  /** An edit that waits stands in the item of its comment. All else is an item of its own. @param {Row} row @param {HTMLElement} made */
  #place(row, made) {
    const on = this.rows.items.get(row.id);
    if (on) (made.localName === "li" ? on : this.rows.article(on)).after(made);
    else if (row.parent && this.rows.items.has(row.parent)) this.renderer.listOf(this.rows.items.get(row.parent) ?? null).append(made);
    else this.rows.list.prepend(made);
  }

  /** @param {Row} row @param {string} state @param {boolean} edit */
  #made(row, state, edit) {
    const { words } = this;
    const li = item({ ...row, status: "published" }, { ...this.rows.given, history: false });
    li.dataset.own = row.id;
    delete li.dataset.key;
    const article = /** @type {HTMLElement} */ (li.firstElementChild);
    article.classList.add("own", state);
    article.id = `own-${row.id}`;
    article.removeAttribute("aria-labelledby");
    article.querySelectorAll("[id]").forEach((one) => one.removeAttribute("id"));
    article.prepend(el("p.why", {}, ...this.#why(row, state, edit)));
    article.setAttribute("aria-label", words.say(`own.${edit ? "edit" : state}`));
    const acts = /** @type {HTMLElement} */ (article.querySelector(":scope > .acts"));
    const act = (/** @type {string} */ label, /** @type {() => void} */ onclick) => el("button.act", { type: "button", onclick }, words.say(label));
    const open = this.writing.discussion.section.dataset.status === "open";
    const buttons = state === "withdrawn"
      ? [open && act("restore", () => this.restore(row.id))]
      : [open && act(state === "rejected" ? "edit_again" : "edit", () => this.writing.acts?.editing(row.id, this.#button(row.id))), act("withdraw", () => this.writing.acts?.menu(/** @type {any} */ (li), this.#button(row.id, ".withdraw")))];
    acts.replaceChildren(...buttons.filter((one) => one instanceof Node));
    acts.lastElementChild?.classList.toggle("withdraw", state !== "withdrawn");
    if (row.decision) this.#decided(row, article);
    this.rows.localise(li);
    this.renderer.forget();
    return edit ? this.#beside(li) : li;
  }

  /** Say how to appeal against a decision. @param {Row} row @param {HTMLElement} article */
  async #decided(row, article) {
    const { writing } = this;
    try {
      const { Appeals } = await part("section/appeal.js");
      if (!writing.signal.aborted) (this.appeals ??= new Appeals(writing)).of(row, article);
    } catch {
      if (!writing.signal.aborted) writing.discussion.outdated();
    }
  }

  /** An edit that waits stands below the text that readers see, and is no item of the list. @param {HTMLElement} li */
  #beside(li) {
    const made = el("div.waiting-edit", {}, ...li.childNodes);
    made.dataset.own = li.dataset.own;
    return made;
  }

  /** @param {string} id @param {string} [kind] */
  #button(id, kind = "button") {
    return /** @type {HTMLElement} */ (this.items.get(id)?.querySelector(`:scope > .own > .acts ${kind}`));
  }

  /** @param {Row} row @param {string} state @param {boolean} edit @returns {(Node | string)[]} */
  #why({ held_by: held, decision }, state, edit) {
    const { words } = this;
    if (state === "withdrawn") return [el("b", {}, words.say("own.withdrawn"))];
    if (state === "rejected") {
      const { reason, at, automated } = decision ?? {};
      const time = at ? this.writing.clock(Date.parse(at)) : "";
      const said = reason ? words.say(automated ? "rule_reason" : "moderator_reason", { time, reason }) : automated ? words.say("by_rule") : "";
      return [el("b", {}, words.say("own.rejected")), " ", said];
    }
    const because = held?.reason ?? words.all[`waits.${held?.name ?? held?.kind}`] ?? words.all[`waits.${held?.kind}`] ?? "";
    const waits = edit ? "own.edit" : held?.name === "unanswered" ? "own.unanswered" : "own.pending";
    return [el("b", {}, words.say(waits)), " ", because, because ? " " : "", words.say(edit ? "edit_more" : "only_you")];
  }

  /** @param {string} id */
  async restore(id) {
    const { writing } = this;
    const { comment, position } = await writing.calls.write("POST", `${writing.path}/comments/${encodeURIComponent(id)}/restoration`);
    if (comment?.status === "published") this.published(comment);
    await writing.read(position);
    this.show();
  }
}

