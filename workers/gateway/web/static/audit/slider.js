/**
 * The slider: a native range over the strip of time, whose hours and gaps are written below.
 */

import { attr, el, on, say } from "../shared/dom.js";
import { keyed } from "../shared/keyed.js";
import { indexAt, placeOf } from "./strip.js";

/** @typedef {import("./strip.js").Strip} Strip */
/** Pixels of a column. */
export const COLUMN = 11;

export class Slider {
  /** @param {HTMLElement} track What it fills. @param {import("./room.js").Room} room
   * @param {(from: number, to: number) => void} pick @param {typeof import("./drawing.js").paint} paint */
  constructor(track, room, pick, paint) {
    this.paint = paint;
    this.room = room;
    this.pick = pick;
    this.track = track;
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    attr(this.svg, "class", "strip");
    attr(this.svg, "aria-hidden", "true");
    this.input = /** @type {HTMLInputElement} */ (el("input", { type: "range", min: 1, step: "any", "aria-label": room.words.say("moment") }));
    this.needle = el("i.needle");
    this.hours = el("div.hours", { "aria-hidden": "true" });
    track.append(this.svg, this.hours, this.input, this.needle);
    /** @type {Strip | null} */
    this.strip = null;
    this.number = 0;
    on(this.input, "input", () => this.#dragged());
    on(this.input, "pointerdown", () => (room.address.held = true));
    on(this.input, "pointerup pointercancel change", () => room.landed());
    on(this.input, "keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.draw()).observe(track);
  }

  /** Number of columns that fit. */
  get columns() {
    return Math.max(12, Math.floor((this.track.clientWidth || 1000) / COLUMN));
  }

  /** Show a strip, the moment on it, and the range that is picked.
   * @param {Strip} strip @param {number} number @param {[number, number] | null} range @param {string} text */
  show(strip, number, range, text) {
    const another = strip !== this.strip;
    Object.assign(this, { strip, number, range });
    attr(this.input, "max", Math.max(strip.total, 1));
    this.input.value = String(number);
    attr(this.input, "aria-valuetext", text);
    this.needle.style.insetInlineStart = `${placeOf(strip, number) * 100}%`;
    if (another) this.#ruled();
    this.draw();
  }

  /** Draw the marks for the width that there is. */
  draw() {
    const { strip, track } = this;
    if (strip && track.clientWidth) this.paint(this.svg, strip, this.number, this.range, track.clientWidth, track.matches(":dir(rtl)"));
  }

  /** Hours and lengths of gaps below the strip. */
  #ruled() {
    const { ticks, gaps } = /** @type {Strip} */ (this.strip);
    const { utc } = this.room;
    const rows = [
      ...ticks.map(({ x, at, day }, index) => ({ x, text: `${(day ? utc.day : utc.clock)(new Date(at))}${index ? "" : " UTC"}`, name: x < 0.06 ? "first" : index % 2 ? "odd" : "" })),
      ...gaps.map(({ x, width, ms }) => ({ x: x + width / 2, text: lengthOf(ms, this.room.words), name: "night" })),
    ];
    keyed(this.hours, rows, (row) => `${row.name}${row.x}`, ({ x, text, name }) => {
      const made = el("span", { class: name || null }, text);
      made.style.insetInlineStart = `${x * 100}%`;
      return made;
    }, (node, { text }) => say(node, text));
  }

  #dragged() {
    const strip = /** @type {Strip} */ (this.strip);
    const along = (Number(this.input.value) - 1) / Math.max(strip.total - 1, 1);
    const number = indexAt(strip, along);
    this.input.value = String(number);
    if (number !== this.number) this.room.move(number, true);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const on = this.track.matches(":dir(rtl)") ? -1 : 1;
    const { total } = /** @type {Strip} */ (this.strip);
    const by = { ArrowRight: on, ArrowLeft: -on, ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -total, End: total }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const number = Math.max(1, Math.min(total, this.number + by));
    if (event.shiftKey) this.#extend(number);
    if (number !== this.number) this.room.move(number, true);
  }

  /** Pick what lies between the end that stays and the moment. @param {number} number */
  #extend(number) {
    const [from, to] = this.range ?? [this.number, this.number];
    const fixed = this.number === to ? from : this.number === from ? to : this.number;
    this.pick(Math.min(fixed, number), Math.max(fixed, number));
  }
}

/** A duration in words, in the largest unit. @param {number} ms @param {import("../shared/words.js").Words} words */
export function lengthOf(ms, words) {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return words.say("gap_minutes", { n: minutes });
  if (minutes < 48 * 60) return words.say("gap_hours", { n: Math.round(minutes / 60) });
  return words.say("gap_days", { n: Math.round(minutes / 1440) });
}
