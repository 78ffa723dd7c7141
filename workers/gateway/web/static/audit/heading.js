/** The head of the room: the moment in words, the buttons that walk, the strip with its key, its table and its range. */

import { attr, el, say } from "../shared/dom.js";
import { Slider, picture } from "./slider.js";
import { ofEvents, ofParts } from "./strip.js";
import { timeOf } from "./numbers.js";

const ICONS = {
  before: "M9.5 1.5v9L3.4 6zM2 1.5h1.4v9H2z",
  play: "M2.5 1.2 11 6l-8.5 4.8z",
  pause: "M2.5 1.5h2.6v9H2.5zM6.9 1.5h2.6v9H6.9z",
  after: "M2.5 1.5v9L8.6 6zM8.6 1.5H10v9H8.6z",
};
const KEYS = ["post", "edit", "rep", "out", "hold", "in", "vote", "open", "other"];

/** An icon. @param {keyof ICONS} name */
function icon(name) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  attr(made, "viewBox", "0 0 12 12");
  attr(made, "aria-hidden", "true");
  attr(path, "d", ICONS[name]);
  made.append(path);
  return made;
}

export class Heading {
  /**
   * @param {import("../shared/words.js").Words} words
   * @param {import("./numbers.js").Numbers} numbers
   * @param {{utc: any, exact: (time: string | number) => string, local: (time: string) => string[],
   *   move: (number: number, jump: boolean) => void, play: () => void, other: () => void, change: () => void,
   *   landed: () => void, ranged: (range: [number, number] | null) => void, failed: (error: unknown) => void}} room
   */
  constructor(words, numbers, room) {
    Object.assign(this, { words, numbers, room });
    this.scale = /** @type {"time" | "events"} */ ("time");
    /** @type {[number, number] | null} */
    this.range = null;
    this.number = 0;
    /** @type {number | null} */
    this.pointed = null;
    this.slider = new Slider(words, { utc: room.utc, move: (number) => room.move(number, false), landed: () => room.landed(), pick: (from, to) => this.pick([from, to]) });
    this.#build();
  }

  #build() {
    const { words, room } = this;
    const button = (/** @type {string} */ name, /** @type {() => void} */ done, /** @type {...any} */ ...inside) =>
      el("button.do.plain", { type: "button", "aria-label": inside.length ? words.say(name) : null, onclick: done },
        ...(inside.length ? inside : [words.say(name)]));
    this.title = el("span");
    this.article = el("a", {}, words.say("article"));
    this.when = el("time");
    this.zone = el("p.label.quiet.zone");
    this.before = button("before", () => room.move(this.number - 1, false), icon("before"));
    this.after = button("after", () => room.move(this.number + 1, false), icon("after"));
    this.player = button("play", room.play, icon("play"));
    this.rate = button("speed", room.other, "");
    this.now = button("now", () => room.move(this.numbers.total, true));
    this.key = el("p.legend.label");
    this.panel = /** @type {HTMLDetailsElement} */ (el("details.panel", { ontoggle: () => this.#table().catch(room.failed) },
      el("summary.label", {}, words.say("table"))));
    this.ranged = el("p.label.ranged", {});
    this.element = el("section.moment", { "aria-labelledby": "moment-title" }, el("div", {},
      el("div.top", {}, el("div", {}, el("p.label.article", {}, this.article), el("h1", { id: "moment-title" }, this.title, " ", this.when), this.zone),
        el("div.walk", {}, this.before, this.player, this.rate, this.after, button("next_change", room.change), this.now)),
      this.slider.element, this.key, this.ranged, this.panel));
    this.element.querySelectorAll(".walk .do")[4].classList.add("wide");
  }

  /** Show an event as the moment.
   * @param {number} number @param {import("./sentences.js").Event} event @param {{title: string, url: string}} thread
   * @param {string} sentence @param {boolean} staff Whoever is not staff sees only what is public now. */
  show(number, event, { title, url }, sentence, staff) {
    const { words, numbers, room } = this;
    const time = new Date(timeOf(event)).toISOString();
    this.number = number;
    if (this.pointed === number) this.pointed = null;
    say(this.title, words.say(staff ? "title" : "title_public", { title }));
    attr(this.article, "href", /^https?:/i.test(url) && url);
    say(this.when, room.exact(time));
    attr(this.when, "datetime", time);
    const [clock, zone] = room.local(time);
    say(this.zone, `${words.say("time_zone", { time: clock, zone })} · ${words.say("event_of", { number, total: numbers.total })}`);
    attr(this.before, "aria-disabled", number <= 1 && "true");
    attr(this.after, "aria-disabled", number >= numbers.total && "true");
    this.text = words.say("moment_text", { number, total: numbers.total, time: room.exact(time), sentence });
    this.draw();
  }

  /** Move the slider at once, before its page is there. What is shown meanwhile does not move it back.
   * @param {number | null} number */
  point(number) {
    this.pointed = number;
    if (this.strip) this.draw();
  }

  /** Make the strip anew, after more events are known. */
  remake() {
    this.strip = this.numbers.few
      ? ofEvents(this.numbers.dots, this.scale)
      : ofParts(this.numbers.parts, this.scale, this.slider.columns);
    this.#legend();
    this.#table().catch(this.room.failed);
    this.draw();
  }

  draw() {
    if (!this.strip) this.remake();
    else this.slider.show(this.strip, this.pointed ?? this.number, this.range, this.text ?? "");
  }

  /** @param {boolean} playing @param {boolean} live @param {number} rate */
  playing(playing, live, rate) {
    const { words } = this;
    this.player.replaceChildren(icon(playing ? "pause" : "play"), live ? ` ${words.say("live")}` : "");
    attr(this.player, "aria-label", words.say(playing ? "pause" : rate > 1 ? "play_fast" : "play"));
    say(this.rate, words.say("speed", { rate }));
    attr(this.rate, "aria-label", words.say("speed_label", { n: rate }));
  }

  #legend() {
    const { words, strip } = this;
    const there = new Set(strip?.marks.map((mark) => mark.kind));
    const shown = strip?.columns ? ["open", "other", "rep", "edit", "post", "vote"] : KEYS.filter((kind) => there.has(/** @type {any} */ (kind)));
    this.key.replaceChildren(...shown.map((kind) => el("span", {}, picture(kind), words.say(`key.${kind}`))),
      el("span", {}, words.say("key_yet")),
      ...(strip?.columns ? [el("span", {}, words.say("key_columns", { n: strip.marks[0]?.count ?? 0 }))] : []));
  }

  /** The scale, the range and the table; made when they are asked for. */
  async #table() {
    if (!this.panel.open || !this.strip) return;
    const { panelOf } = await import("./table.js");
    const focused = this.panel.querySelector(":focus")?.getAttribute("value");
    this.panel.replaceChildren(this.panel.children[0], ...panelOf(this));
    if (focused) /** @type {HTMLElement} */ (this.panel.querySelector(`[value=${focused}]`))?.focus();
  }

  /** Take another scale. @param {"time" | "events"} scale */
  scaled(scale) {
    this.scale = scale;
    this.remake();
  }

  /** Pick a range, or none. @param {[number, number] | null} range */
  pick(range) {
    this.range = range;
    const { words } = this;
    this.ranged.replaceChildren(...(range ? [words.say("range_is", { from: range[0], to: range[1] }),
      el("button.act", { type: "button", onclick: () => this.pick(null) }, words.say("range_clear"))] : []));
    this.room.ranged(range);
    this.draw();
  }
}
