/** The strip of time in the head of the room: slider, key, range, and the panel with the table. Loaded after the first picture. */

import { el, on } from "../shared/dom.js";
import { kindOf, kindOfSort } from "./kinds.js";
import { timeOf } from "./numbers.js";
import { Slider } from "./slider.js";
import { ofEvents, ofParts } from "./strip.js";

const KEYS = ["post", "edit", "rep", "out", "hold", "in", "vote", "open", "other"];
const KEYS_OF_COLUMNS = ["open", "other", "rep", "edit", "post", "vote"];

export class Timeline {
  /** @param {import("./room.js").Room} room @param {typeof import("./drawing.js")} drawing */
  constructor(room, { paint, picture }) {
    this.picture = picture;
    this.room = room;
    const [track, key, ranged, panel] = room.heading.places;
    this.key = key;
    this.ranged = ranged;
    this.panel = /** @type {HTMLDetailsElement} */ (panel);
    this.scale = /** @type {"time" | "events"} */ ("time");
    /** @type {[number, number] | null} */
    this.range = null;
    this.slider = new Slider(track, room, (from, to) => this.pick([from, to]), paint);
    on(panel, "toggle", () => room.tried(this.#table()));
  }

  /** Make the strip again, after more events are known. */
  remake() {
    const { numbers, tried } = this.room;
    this.strip = numbers.few ? ofEvents(dotsOf(numbers), this.scale) : ofParts(numbers.parts, this.scale, this.slider.columns);
    this.#legend();
    tried(this.#table());
    this.draw();
  }

  /** Show the moment of the room. While another is on its way, the slider stands there already. */
  draw() {
    if (!this.strip) return this.remake();
    const { words, numbers: { total }, number, event, pointed, exact, record } = this.room;
    const text = words.say("moment_text", { number, total, time: exact(timeOf(event)), sentence: record.text(event) });
    this.slider.show(this.strip, pointed ?? number, this.range, text);
  }

  #legend() {
    const { words } = this.room;
    const { marks, columns } = this.strip;
    const there = new Set(marks.map((mark) => mark.kind));
    const shown = columns ? KEYS_OF_COLUMNS : KEYS.filter((kind) => there.has(/** @type {any} */ (kind)));
    this.key.replaceChildren(...shown.map((kind) => el("span", {}, this.picture(kind), words.say(`key.${kind}`))),
      el("span", {}, words.say("key_yet")),
      ...(columns ? [el("span", {}, words.say("key_columns", { n: marks[0]?.count ?? 0 }))] : []));
  }

  /** The scale, the range and the table; made when they are asked for. */
  async #table() {
    const { panel } = this;
    if (!panel.open || !this.strip) return;
    const { panelOf } = await import("./table.js");
    const focused = panel.querySelector(":focus")?.getAttribute("value");
    panel.replaceChildren(panel.children[0], ...panelOf(this));
    if (focused) /** @type {HTMLElement} */ (panel.querySelector(`[value=${focused}]`))?.focus();
  }

  /** Take another scale. @param {"time" | "events"} scale */
  scaled(scale) {
    this.scale = scale;
    this.remake();
  }

  /** Pick a range, or none. @param {[number, number] | null} range */
  pick(range) {
    this.range = range;
    const { words, tried } = this.room;
    this.ranged.replaceChildren(...(range ? [words.say("range_is", { from: range[0], to: range[1] }),
      el("button.act", { type: "button", onclick: () => this.pick(null) }, words.say("range_clear"))] : []));
    tried(this.#ranged(range));
    this.draw();
  }

  /** @param {[number, number] | null} range */
  async #ranged(range) {
    const { record, numbers } = this.room;
    record.range = range && [(await numbers.event(range[0])).position, (await numbers.event(range[1])).position];
    record.draw();
  }
}

/** The events as dots of the strip. Of what is not loaded, the part tells the sort.
 * @param {import("./numbers.js").Numbers} numbers @returns {import("./strip.js").Dot[]} */
function dotsOf({ parts, events }) {
  return parts.flatMap((part) => Array.from({ length: part.count }, (_, index) => {
    const event = events.get(part.first + index);
    if (event) return { at: timeOf(event), kind: kindOf(event.type) };
    const sort = Object.keys(part.counts).find((one) => part.counts[one]);
    return { at: part.at, kind: kindOfSort(sort ?? "votes") };
  }));
}
