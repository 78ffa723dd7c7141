/**
 * The strip of time as one SVG with a native range over it.
 *
 * Every kind has a shape of its own; colour is the second sign. What comes after the moment is hollow and dashed.
 */

import { attr, el, keyed, on, say } from "../shared/dom.js";
import { indexAt, markOf, placeOf } from "./strip.js";

/** @typedef {import("./strip.js").Strip} Strip */
/** @typedef {[number, number, string]} Move An offset from the mark's place, a height, and a path from there. */

/** Per kind: the height at which the stem ends, and what is drawn on it. A shape that closes is filled.
 * @type {Record<string, [number, ...Move[]]>} */
const SHAPES = {
  vote: [39],
  open: [8, [0, 4, "l8 3.5-8 3.5z"]],
  post: [21, [-3.2, 18, "a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z"]],
  edit: [30, [0, 20.5, "l4.3 4.5-4.3 4.5-4.3-4.5z"]],
  rep: [10, [0, 3.5, "l4.4 7.5h-8.8z"]],
  out: [10, [-3.8, 3.2, "l7.6 7.6"], [3.8, 3.2, "l-7.6 7.6"]],
  in: [10, [-4.4, 6.6, "l3.4 3.6l5.6-7.4"]],
  hold: [10, [-2, 3, "v8"], [2, 3, "v8"]],
  other: [10, [-3, 3.5, "h6v6h-6z"]],
};
/** The shape of each sort in a column, and how much lower it stands there. @type {[string, string, number][]} */
const STACKED = [["opened", "open", -4], ["decided", "other", 5], ["reported", "rep", 12.5], ["edited", "edit", 4],
  ["posted", "post", 19]];
const BASE = 46;
const COLUMN_BASE = 54;
const TALLEST = 11;
/** Pixels of a column. */
export const COLUMN = 11;

const svg = (/** @type {string} */ name, /** @type {Record<string, unknown>} */ attributes = {}) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
};

/** The small picture of a kind, for the key. @param {string} kind */
export function picture(kind) {
  const [, ...moves] = SHAPES[kind];
  const made = svg("svg", { viewBox: `-7 ${kind === "post" ? 11 : kind === "edit" ? 18 : kind === "vote" ? 36 : 0} 14 14`,
    "aria-hidden": "true", class: `mark ${kind}` });
  made.append(svg("path", { d: headsOf(moves, 0, 0) || "M0 46V39", class: filled(kind) }));
  return made;
}

export class Slider {
  /**
   * @param {import("../shared/words.js").Words} words
   * @param {{utc: any, move: (number: number, stepped: boolean) => void, pick: (from: number, to: number) => void,
   *   landed: () => void}} on `landed` hears that a pointer has chosen.
   */
  constructor(words, { utc, move, pick, landed }) {
    this.words = words;
    this.utc = utc;
    this.move = move;
    this.pick = pick;
    this.landed = landed;
    this.svg = svg("svg", { class: "strip", "aria-hidden": "true" });
    this.input = /** @type {HTMLInputElement} */ (el("input", { type: "range", min: 1, step: "any", "aria-label": words.say("moment") }));
    this.needle = el("i.needle");
    this.hours = el("div.hours", { "aria-hidden": "true" });
    this.element = el("div.track", {}, this.svg, this.hours, this.input, this.needle);
    /** @type {Strip | null} */
    this.strip = null;
    this.number = 0;
    on(this.input, "input", () => this.#dragged());
    on(this.input, "pointerup change", () => this.landed());
    on(this.input, "keydown", (event) => this.#pressed(event));
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** How many columns fit. */
  get columns() {
    return Math.max(12, Math.floor((this.element.clientWidth || 1000) / COLUMN));
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
    const { strip } = this;
    const width = this.element.clientWidth;
    if (!strip || !width) return;
    this.element.classList.toggle("columns", strip.columns);
    const here = markOf(strip, this.number);
    const rtl = this.element.matches(":dir(rtl)");
    const base = strip.columns ? COLUMN_BASE : BASE;
    /** @type {Map<string, string[]>} */
    const paths = new Map();
    const add = (/** @type {string} */ key, /** @type {string} */ d) => paths.get(key)?.push(d) ?? paths.set(key, [d]);
    const px = (/** @type {number} */ x) => (rtl ? 1 - x : x) * width;
    strip.marks.forEach((mark, index) => {
      const x = px(strip.xs[index]);
      const yet = index > here ? " yet" : "";
      if (mark.kind) {
        const [stem, ...moves] = SHAPES[mark.kind];
        add(`${mark.kind} stem${yet}`, `M${x.toFixed(1)} ${base}V${stem}`);
        if (moves.length) add(`${mark.kind} ${filled(mark.kind)}${yet}`, headsOf(moves, x, 0));
        return;
      }
      const tall = Math.min(TALLEST, 2 + Math.log2(mark.count));
      add(`vote full${yet}`, `M${(x - 2).toFixed(1)} ${base}v-${tall.toFixed(1)}h4v${tall.toFixed(1)}z`);
      for (const [sort, kind, lower] of STACKED) {
        if (mark.counts[sort]) add(`${kind} full${yet}`, headsOf(/** @type {Move[]} */ (SHAPES[kind].slice(1)), x, lower));
      }
    });
    const gaps = strip.gaps.map(({ x, width: wide }) => svg("rect", { class: "gap", x: Math.min(px(x), px(x + wide)), y: base - 4,
      width: wide * width, height: 8 }));
    const shade = this.range ? [this.#shaded(this.range, px)] : [];
    this.svg.replaceChildren(...shade, svg("path", { class: "base", d: `M0 ${base}H${width}` }), ...gaps,
      ...[...paths].map(([key, d]) => svg("path", { class: `mark ${key}`, d: d.join("") })));
  }

  /** @param {[number, number]} range @param {(x: number) => number} px */
  #shaded([from, to], px) {
    const strip = /** @type {Strip} */ (this.strip);
    const ends = [px(placeOf(strip, from)), px(placeOf(strip, to))].sort((a, b) => a - b);
    return svg("rect", { class: "range", x: ends[0] - 4, y: 0, width: ends[1] - ends[0] + 8, height: this.svg.clientHeight || 65 });
  }

  /** Hours and lengths of gaps below the strip. */
  #ruled() {
    const { ticks, gaps } = /** @type {Strip} */ (this.strip);
    const rows = [
      ...ticks.map(({ x, at, day }, index) => ({ x, text: `${day ? this.utc.day(at) : this.utc.clock(at)}${index ? "" : " UTC"}`, name: x < 0.06 ? "first" : index % 2 ? "odd" : "" })),
      ...gaps.map(({ x, width, ms }) => ({ x: x + width / 2, text: lengthOf(ms, this.words), name: "night" })),
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
    if (number !== this.number) this.move(number, false);
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const on = this.element.matches(":dir(rtl)") ? -1 : 1;
    const { total } = /** @type {Strip} */ (this.strip);
    const by = { ArrowRight: on, ArrowLeft: -on, ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -total, End: total }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const number = Math.max(1, Math.min(total, this.number + by));
    if (event.shiftKey) this.#extend(number);
    if (number !== this.number) this.move(number, true);
  }

  /** Pick what lies between the end that stays and the moment. @param {number} number */
  #extend(number) {
    const [from, to] = this.range ?? [this.number, this.number];
    const fixed = this.number === to ? from : this.number === from ? to : this.number;
    this.pick(Math.min(fixed, number), Math.max(fixed, number));
  }
}

/** How long something took, in the largest unit. @param {number} ms @param {import("../shared/words.js").Words} words */
export function lengthOf(ms, words) {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 90) return words.say("gap_minutes", { n: minutes });
  if (minutes < 48 * 60) return words.say("gap_hours", { n: Math.round(minutes / 60) });
  return words.say("gap_days", { n: Math.round(minutes / 1440) });
}

/** @param {string} kind */
function filled(kind) {
  return SHAPES[kind].some((move) => Array.isArray(move) && move[2].endsWith("z")) ? "full" : "line";
}

/** @param {Move[]} moves @param {number} x @param {number} lower */
function headsOf(moves, x, lower) {
  return moves.map(([dx, y, path]) => `M${(x + dx).toFixed(1)} ${y + lower}${path}`).join("");
}
