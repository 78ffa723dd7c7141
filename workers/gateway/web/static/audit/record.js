/**
 * The record beside the page: a sentence per event under its day, the facts when it is opened, filters and search.
 *
 * It is never loaded whole: some events about the moment, more by scrolling or by its buttons.
 */

import { attr, el, on, say } from "../shared/dom.js";
import { keyed } from "../shared/keyed.js";
import { compare, timeOf } from "./numbers.js";
import { reveal } from "./reveal.js";
import { factsOf, sentenceOf } from "./sentences.js";

/** @typedef {import("./sentences.js").Event} Event */

const PAGE = 200;
const KINDS = ["texts", "decisions", "votes"];

export class Record {
  /** @param {HTMLElement} element Its place, which has its heading. @param {import("./room.js").Room} room */
  constructor(element, room) {
    this.element = element;
    this.room = room;
    this.words = room.words;
    /** @type {Event[]} */
    this.events = [];
    this.next = this.previous = null;
    this.more = false;
    /** The filter and the search. @type {{kind?: string, actor?: string, q?: string}} */
    this.filter = {};
    /** @type {[string, string] | null} The positions between which events are shown. */
    this.range = null;
    this.now = "";
    this.reading = 0;
    this.#build();
  }

  #build() {
    const { words } = this;
    this.find = /** @type {HTMLInputElement} */ (el("input", { type: "search", "aria-label": words.say("search"), placeholder: words.say("search_hint"), autocomplete: "off" }));
    this.filters = el("div.filters", { role: "group", "aria-label": words.say("show") }, ...["", ...KINDS].map((kind) =>
      el("button.act", { type: "button", value: kind, onclick: () => this.only({ ...this.filter, kind: kind || undefined }) }, words.say(`filter_${kind || "all"}`))));
    this.person = el("span.person.label", { hidden: true });
    this.all = el("button.act.all", { type: "button", hidden: true, onclick: () => {
      this.find.value = "";
      this.only({});
    } }, words.say("show_all"));
    this.filters.append(this.person, this.all);
    this.list = el("ol");
    this.status = el("p.label.quiet", { role: "status" });
    this.earlier = el("button.act", { type: "button", onclick: () => this.extend("previous") }, words.say("earlier"));
    this.later = el("button.act", { type: "button", onclick: () => this.extend("next") }, words.say("later"));
    const form = el("form.find", { role: "search", onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      this.only({ ...this.filter, q: this.find.value.trim() || undefined });
    } }, this.find, el("button.act", {}, words.say("search_do")));
    this.element.append(form, this.filters, this.earlier, this.list, this.later, this.status);
    on(this.element, "scroll", () => this.#scrolled(), { passive: true });
  }

  /** Show other events: by kind, by person, by a word.
   * @param {{kind?: string, actor?: string, q?: string}} filter */
  async only(filter) {
    this.filter = filter;
    this.events = [];
    await this.room.tried(this.show(this.now));
  }

  /** Show the events about a position. @param {string} position */
  async show(position) {
    this.now = position;
    const { events } = this;
    const there = events.length > 0 && compare(events[0].position, position) <= 0 && compare(position, events[events.length - 1].position) <= 0;
    if (!there || !events.some((event) => event.position === position)) {
      if (!there || !this.filtered) await this.#load(position);
    }
    this.draw();
    this.reveal();
  }

  get filtered() {
    return Boolean(this.filter.kind || this.filter.actor || this.filter.q);
  }

  /** The parameters of a read that shows the same. */
  get query() {
    return Object.fromEntries(Object.entries(this.filter).filter(([, value]) => value));
  }

  /** @param {string} position */
  async #load(position) {
    const reading = ++this.reading;
    const page = await this.room.read({ ...this.query, around: position, limit: PAGE });
    if (reading !== this.reading) return;
    this.events = page.events;
    this.#ends(page, "both");
  }

  /** Read on, at one end. @param {"next" | "previous"} end */
  async extend(end) {
    const cursor = this[end];
    if (!cursor || this.busy) return;
    this.busy = true;
    try {
      const reading = this.reading;
      const page = await this.room.read({ ...this.query, cursor, limit: PAGE });
      if (reading !== this.reading) return;
      this.events = end === "next" ? [...this.events, ...page.events] : [...page.events, ...this.events];
      this.#ends(page, end);
      const top = this.element.scrollHeight - this.element.scrollTop;
      this.draw();
      if (end === "previous") this.element.scrollTop = this.element.scrollHeight - top;
    } catch (error) {
      this.room.failed(error);
    } finally {
      this.busy = false;
    }
  }

  /** Take events that are recorded after the last one shown. @param {Event[]} events */
  append(events) {
    if (this.filtered || this.more) return;
    const last = this.events[this.events.length - 1];
    this.events = [...this.events, ...events.filter((event) => !last || compare(event.position, last.position) > 0)];
    this.draw();
  }

  /** @param {any} page @param {"next" | "previous" | "both"} end */
  #ends(page, end) {
    this.room.names.learn(page.events);
    if (end !== "previous") [this.next, this.more] = [page.next, page.more];
    if (end !== "next") this.previous = page.previous;
  }

  draw() {
    const { words, filter } = this;
    const rows = this.#rows();
    keyed(this.list, rows, (row) => row.key, (row) => this.#made(row), (node, row) => this.#marked(node, row));
    for (const button of this.filters.querySelectorAll("[value]")) {
      attr(button, "aria-pressed", String(/** @type {HTMLButtonElement} */ (button).value === (filter.kind ?? "")));
    }
    this.person.hidden = !filter.actor;
    if (filter.actor) say(this.person, words.say("only_is", { name: this.room.names.named(filter.actor) }));
    this.all.hidden = !this.filtered;
    this.earlier.hidden = !this.previous;
    this.later.hidden = !this.more;
    say(this.later, words.say(filter.q ? "search_on" : "later"));
    const shown = rows.some((row) => row.event);
    say(this.status, filter.q && !shown ? words.say("found_none") : filter.q && !this.more ? words.say("found_end") : "");
  }

  /** @returns {{key: string, event?: Event, text?: string, class?: string, yet?: boolean}[]} */
  #rows() {
    /** @type {{key: string, event?: Event, text?: string, class?: string, yet?: boolean}[]} */
    const rows = [];
    let day = "";
    let passed = false;
    for (const event of this.events) {
      if (this.range && (compare(event.position, this.range[0]) < 0 || compare(event.position, this.range[1]) > 0)) continue;
      const at = new Date(timeOf(event));
      const here = this.room.utc.key(at);
      if (here !== day) {
        const text = this.words.say("day", { day: this.room.day(at) });
        rows.push({ key: `day ${here} ${event.position}`, class: "day", text });
      }
      day = here;
      const yet = compare(event.position, this.now) > 0;
      if (yet && !passed) rows.push({ key: "future", class: "future", text: this.words.say("future") });
      passed = yet;
      // A sentence whose names become known later is made again.
      rows.push({ key: `${event.position}${this.room.names.knows(event) ? "" : "?"}`, event, yet });
    }
    return rows;
  }

  /** @param {any} row */
  #made(row) {
    if (!row.event) return el(`li.${row.class}`, {}, row.text);
    const { room } = this;
    const { event } = row;
    const at = new Date(timeOf(event));
    const link = el("a", { href: room.address.link(event), "aria-label": this.words.say("go", { time: room.exact(at) }) },
      el("time", { datetime: at.toISOString() }, room.utc.clock(at)));
    on(link, "click", (click) => {
      if (click.metaKey || click.ctrlKey || click.shiftKey) return;
      click.preventDefault();
      room.tried(room.to(event.position));
    });
    const facts = /** @type {HTMLDetailsElement} */ (el("details", {}, el("summary", {}, ...this.sentence(event))));
    on(facts, "toggle", () => this.#opened(facts, event));
    const made = el("li", {}, link, facts);
    this.#marked(made, row);
    return made;
  }

  /** @param {Element} node @param {any} row */
  #marked(node, row) {
    if (!row.event) return;
    const now = row.event.position === this.now;
    attr(node, "aria-current", now && "true");
    const facts = /** @type {HTMLDetailsElement} */ (node.querySelector("details"));
    if (now !== node.classList.contains("now")) {
      facts.open = now;
      this.#opened(facts, row.event); // at once: its event comes after the next picture
    }
    node.className = now ? "now" : row.yet ? "yet" : "";
  }

  /** Show the facts of an event that is open. @param {HTMLDetailsElement} facts @param {Event} event */
  #opened(facts, event) {
    if (facts.open && facts.children.length < 2) facts.append(...this.#facts(event));
  }

  /** The sentence of an event, as nodes. @param {Event} event @returns {(Node | string)[]} */
  sentence(event) {
    const { words, room } = this;
    const { key, values, quote, quiet } = sentenceOf(event, room.names);
    const name = (/** @type {any} */ value) => el("b", {}, el("bdi", {}, value));
    const filled = { ...values, actor: name(values.actor), author: name(values.author), other: values.other && name(values.other) };
    const said = el(`span${quiet ? ".votes" : ""}`, {}, ...words.parts(`say.${key}`, filled));
    return quote ? [said, el("span.quote", { dir: "auto" }, `“${quote}”`)] : [said];
  }

  /** The same as a text. @param {Event} event */
  text(event) {
    const { key, values } = sentenceOf(event, this.room.names);
    return this.words.say(`say.${key}`, values);
  }

  /** @param {Event} event @returns {HTMLElement[]} */
  #facts(event) {
    const { words, room } = this;
    const facts = factsOf(event, room.exact).flatMap(([name, value]) => [el("dt", {}, words.say(`facts.${name}`)), el("dd", { dir: "auto" }, value)]);
    const unknown = event.data?.unknown ? [el("p.gone", {}, words.say("gone.unwritten"))] : [];
    const body = event.data?.body ? [el("p.label.quiet.source", {}, words.say("source")), el("p.said", { dir: "auto" }, event.data.body)] : [];
    const { id } = event.actor ?? {};
    const only = id && !event.type.startsWith("vote.") ? [el("button.act", { type: "button", onclick: () => this.only({ ...this.filter, actor: id }) }, words.say("only", { name: room.names.named(id) }))] : [];
    return [...unknown, ...body, el("dl.facts", {}, ...facts), ...only];
  }

  #scrolled() {
    if (this.filter.q) return; // each step of a search is work, and is asked for
    const { scrollTop, clientHeight, scrollHeight } = this.element;
    if (this.more && this.next && scrollTop + clientHeight > scrollHeight - 600) this.extend("next");
    else if (this.previous && scrollTop < 200) this.extend("previous");
  }

  /** Keep the current event in view, without moving the page. */
  reveal() {
    reveal(this.element, this.list.querySelector(".now"));
  }
}
