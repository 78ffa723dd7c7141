// One item of the queue: whole where it is in hand, two lines elsewhere.

import { activeIn, attr, el, say } from "../shared/dom.js";
import { marked } from "../shared/diff.js";
import { wordDiff } from "../shared/word_diff.js";
import { markedText } from "./marks.js";

/**
 * A comment that waits, as the queue has it (`GET /moderation/queue`).
 * @typedef {{comment: any, revision: number, thread: any, parent: any,
 *   published: {revision: number, body: string} | null, since: string,
 *   held_by: {kind: string, name?: string | null, match?: string, spans?: [number, number][], reason?: string},
 *   reports: {reason: string, note: string | null, at: string, by: string}[],
 *   in_hand?: {by: any, since: string} | null, import?: string | null}} Item
 */

/** The key of an item. @param {Item} item */
export function keyOf({ thread, comment }) {
  return `${thread.id} ${comment.id}`;
}

/** The parts of an item that a decision changes, as text. @param {Item} item */
export function standing({ revision, comment, held_by: held, reports }) {
  return JSON.stringify([revision, comment.status, held, reports]);
}

/** The name of a member of staff. @param {any} by An id, or an id with a name. */
export function nameOf(by) {
  return typeof by === "string" ? by : (by?.name ?? by?.id ?? "");
}

export class Slip {
  /** @param {import("./moderation.js").Moderation} moderation @param {Item} item */
  constructor(moderation, item) {
    this.moderation = moderation;
    this.words = moderation.words;
    this.item = item;
    moderation.known.see(item.thread);
    /** True while a decision is on its way. */
    this.busy = false;
    /** Batch of an approval whose pick failed. */
    this.approved = "";
    /** The sentence about a decision elsewhere; empty without one. */
    this.clash = "";
    this.here = false;
    /** The drawn state, as text: the same state is not drawn again. */
    this.drawn = "";
    this.box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox" }));
    this.age = el("span.age");
    this.told = el("div.what");
    this.gone = el("div.clash", { hidden: true }, el("span"));
    this.element = el("article.slip", { tabindex: "-1" }, this.box, this.age, this.told, this.gone);
  }

  get key() {
    return keyOf(this.item);
  }

  get name() {
    return this.item.comment.author?.name ?? "";
  }

  /** True if another moderator has it in hand. */
  get taken() {
    const { in_hand: hand } = this.item;
    return Boolean(hand) && (hand.by?.id ?? hand.by) !== this.moderation.token.claims.sub;
  }

  /** @param {Item} item */
  update(item) {
    this.item = item;
    this.moderation.known.see(item.thread);
    this.draw();
  }

  /** @param {boolean} here */
  stand(here) {
    this.here = here;
    attr(this.element, "aria-current", here && "true");
    this.element.classList.toggle("here", here);
    this.draw();
  }

  /** @param {string} sentence */
  settled(sentence) {
    this.clash = sentence;
    this.box.checked = false;
    this.draw();
  }

  /** Say that a decision was refused; the item still waits. @param {string} sentence */
  refused(sentence) {
    this.gone.hidden = !sentence;
    say(this.gone.firstChild, sentence);
  }

  draw() {
    const { words, item, here, clash, taken, element } = this;
    this.tick();
    attr(this.box, "aria-label", words.say("select", { name: this.name }));
    const active = activeIn(element);
    if (clash && active === this.box) element.focus();
    this.box.disabled = Boolean(clash);
    if (clash || element.classList.contains("done")) this.refused(clash);
    element.classList.toggle("done", Boolean(clash));
    element.classList.toggle("held", taken);
    const thread = this.moderation.known.titled(item.thread.id);
    attr(element, "aria-label", words.say("item", { name: this.name, thread }));
    const now = JSON.stringify([item, thread, here]);
    if (now === this.drawn) return;
    this.drawn = now;
    const inside = this.told.contains(active);
    this.told.replaceChildren(...this.#parts());
    if (inside) element.focus({ preventScroll: true });
  }

  /** Write how long it has waited. */
  tick() {
    say(this.age, this.moderation.known.age(this.item.since));
  }

  /** @returns {Node[]} */
  #parts() {
    const { words, item, here, taken } = this;
    const { comment, parent, published, thread } = item;
    const title = this.moderation.known.titled(thread.id);
    const parts = [];
    if (taken) parts.push(el("p.hand", {}, words.say("in_hand", { name: nameOf(item.in_hand?.by) })));
    const why = this.#why();
    if (why) parts.push(el(item.held_by.kind === "reports" ? "p.why.flag" : "p.why", {}, why));
    const badges = (comment.author?.badges ?? []).map((/** @type {string} */ name) => ` (${name})`).join("");
    parts.push(el("div.who", {}, el("b", { dir: "auto" }, this.name), badges, " ", el("span.on", {}, words.say("in_thread", { thread: title }))));
    if (here && parent?.body) {
      parts.push(el("div.answer", { dir: "auto" }, el("b", {}, words.say("wrote", { name: parent.author?.name ?? "" })), ` ${parent.body}`));
    }
    const edit = published && published.revision !== item.revision;
    const text = edit ? this.#edit() : markedText(comment.body ?? "", item.held_by);
    parts.push(el("div.said", { dir: "auto" }, ...text));
    if (here && item.reports.length) parts.push(this.#reports());
    if (here) parts.push(this.#also());
    return parts;
  }

  #why() {
    const { words, item } = this;
    const { held_by: held, published, reports } = item;
    if (published && published.revision !== item.revision) return words.say("edit_waits");
    if (held.kind === "reports") {
      const reasons = [...new Set(reports.map(({ reason }) => this.moderation.reasons.label(reason)))].join(", ");
      return words.say("reported", { n: reports.length, reasons });
    }
    if (held.kind === "staff") return words.say("set_aside_by", { name: nameOf(held.name) });
    const rule = words.all[`rule.${held.name}`] ?? held.name ?? "";
    return held.reason ? words.say("because_told", { rule, text: held.reason }) : words.say("because", { rule });
  }

  #edit() {
    const { item } = this;
    return marked(wordDiff(item.published?.body ?? "", item.comment.body ?? ""));
  }

  #reports() {
    const { words, item, moderation } = this;
    const lines = item.reports.map(({ reason, note, at, by }) =>
      el("li", {}, el("b", {}, moderation.reasons.label(reason)),
        el("span", { dir: "auto" }, note ? words.say("quoted", { text: note }) : "", ` ${moderation.known.person(by)}, ${moderation.known.ago(at)}`)));
    return el("ul.reports", {}, ...lines);
  }

  #also() {
    const { words, item, moderation } = this;
    const there = `${String(item.thread.url).split("#")[0]}#comment-${item.comment.id}`;
    const record = new URL(`/audit/${encodeURIComponent(moderation.site)}/${encodeURIComponent(item.thread.id)}`, import.meta.url);
    record.searchParams.set("comment", item.comment.id);
    const away = { target: "_blank", rel: "noopener noreferrer" };
    const { pinned, parent, status } = item.comment;
    return el("div.acts.also", {},
      el("button.act.only-phone", { type: "button", onclick: () => moderation.showMember() }, words.say("the_member")),
      el("a.act", { href: there, ...away }, words.say("open_there")),
      el("a.act", { href: record.href, ...away }, words.say("what_happened")),
      el("button.act", { type: "button", onclick: () => moderation.open(`votes:${this.key}`) }, words.say("votes")),
      status === "published" && !parent && el("button.act", { type: "button", onclick: () => moderation.tried(moderation.act((acts) => acts.pin(this))) }, words.say(pinned ? "unpin" : "pin")),
      ...(item.thread.labels ?? []).filter((/** @type {string} */ one) => one !== moderation.label).map((/** @type {string} */ one) =>
        el("button.act", { type: "button", onclick: () => moderation.labelled(one) }, words.say("only_label", { label: one }))));
  }
}
