// The lists of the console: queues with their numbers, what was decided, and the discussions in which something waits.

import { activeIn, attr, el } from "../shared/dom.js";
import { keyed } from "../shared/keyed.js";

const SECONDS = { minute: 60, hour: 3600, day: 86_400 };

export class Rail {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    this.words = moderation.words;
    /** @type {any} */
    this.summary = null;
    this.element = el("nav.rail", { "aria-label": this.words.say("queues") });
    /** By name, so that a link keeps its focus. @type {Map<string, HTMLElement>} */
    this.links = new Map();
    this.lists = { decide: el("div"), decided: el("div"), threads: el("div") };
    this.labels = el("datalist", { id: "labels" });
    this.label = /** @type {HTMLInputElement} */ (el("input", { list: "labels", maxlength: "40", autocomplete: "off", spellcheck: "false", onchange: () => moderation.labelled(this.label.value.trim()) }));
    this.median = el("p.wait.far");
    this.discussions = el("button.act.only-phone", { type: "button", "aria-expanded": "false", onclick: () => this.#unfold() }, this.words.say("discussions"));
    const heading = (/** @type {string} */ name) => el("h2", {}, this.words.say(name));
    this.element.append(heading("to_decide"), this.lists.decide, this.discussions, heading("look_back"), this.lists.decided, this.median,
      heading("discussions"), el("label.only.far", {}, this.words.say("label"), this.label, this.labels), this.lists.threads);
  }

  /** Read the numbers again. */
  async read() {
    this.summary = await this.moderation.calls.get("/moderation/summary", { label: this.moderation.label || null });
    this.draw();
  }

  draw() {
    const { words, summary, moderation } = this;
    const { pending = 0, reported = 0, removal, appeal, legal, today = {}, threads = [] } = summary ?? {};
    if (activeIn(this.element) !== this.label) this.label.value = moderation.label;
    keyed(this.labels, [...moderation.known.labels].sort(), (label) => label, (label) => el("option", { value: label }));
    this.#fill(this.lists.decide, [
      { name: "all", text: words.say("all"), n: pending + reported },
      { name: "pending", text: words.say("waiting"), n: pending },
      { name: "reported", text: words.say("reports"), n: reported },
      { name: "removals", text: words.say("removals"), n: removal, far: !removal },
      { name: "appeals", text: words.say("appeals"), n: appeal, far: !appeal },
      { name: "legal", text: words.say("legal"), n: legal, far: !legal },
      { name: "mine", text: words.say("set_aside_by_me"), far: true },
    ]);
    this.#fill(this.lists.decided, [
      { name: "today", text: words.say("today"), n: today.decided, far: true },
      { name: "by_me", text: words.say("by_me"), n: today.by_me, far: true },
      { name: "comments", text: words.say("all_comments"), far: true },
      { name: "anchors", text: words.say("passages"), n: moderation.lost, far: true },
      { name: "members", text: words.say("members"), far: true },
      { name: "words", text: words.say("word_lists"), far: true },
      { name: "figures", text: words.say("figures"), far: true },
    ]);
    this.#fill(this.lists.threads, threads.map((/** @type {any} */ one) => (
      { name: `thread:${one.thread}`, text: one.title || one.thread, n: one.pending + one.reported, far: true, sub: true })));
    const wait = today.median_wait;
    this.median.replaceChildren(wait === null || wait === undefined ? "" : words.say("median", { time: this.length(wait) }));
  }

  /** Say which list is shown. @param {string} name */
  show(name) {
    for (const [key, link] of this.links) attr(link, "aria-current", key === name && "page");
  }

  /** @param {HTMLElement} place @param {any[]} entries */
  #fill(place, entries) {
    keyed(place, entries, ({ name }) => name, (entry) => {
      const link = el("button.place", { type: "button", onclick: () => this.moderation.open(entry.name) }, el("span.name", { dir: "auto" }), el("span.n"));
      link.classList.toggle("sub", Boolean(entry.sub));
      attr(link, "aria-current", this.moderation.place === entry.name && "page");
      this.links.set(entry.name, link);
      this.#write(link, entry);
      return link;
    }, (link, entry) => this.#write(link, entry));
  }

  /** @param {Element} link @param {any} entry */
  #write(link, { text, n, far }) {
    link.classList.toggle("far", Boolean(far));
    const [name, number] = link.children;
    if (name.textContent !== text) name.textContent = text;
    const shown = n === undefined ? "" : this.words.number(n);
    if (number.textContent !== shown) number.textContent = shown;
  }

  #unfold() {
    const open = this.element.classList.toggle("unfolded");
    attr(this.discussions, "aria-expanded", String(open));
  }

  /** "19 min" @param {number} seconds */
  length(seconds) {
    const { words } = this;
    if (seconds < SECONDS.hour) return words.say("age_minutes", { n: Math.max(1, Math.ceil(seconds / SECONDS.minute)) });
    if (seconds < SECONDS.day) return words.say("age_hours", { n: Math.ceil(seconds / SECONDS.hour) });
    return words.say("age_days", { n: Math.ceil(seconds / SECONDS.day) });
  }
}
