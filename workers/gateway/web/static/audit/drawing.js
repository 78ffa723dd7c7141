/**
 * The strip of time as one SVG. Every kind has a shape of its own; colour is the second sign. What comes after the moment
 * is hollow and dashed.
 */

import { markOf, placeOf } from "./strip.js";

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

/** Draw a strip.
 * @param {Element} target @param {Strip} strip @param {number} number The moment. @param {[number, number] | null} range
 * @param {number} width In pixels. @param {boolean} rtl */
export function paint(target, strip, number, range, width, rtl) {
  const here = markOf(strip, number);
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
  const ends = range?.map((one) => px(placeOf(strip, one))).sort((a, b) => a - b);
  const shade = ends ? [svg("rect", { class: "range", x: ends[0] - 4, y: 0, width: ends[1] - ends[0] + 8, height: target.clientHeight || 65 })] : [];
  target.replaceChildren(...shade, svg("path", { class: "base", d: `M0 ${base}H${width}` }), ...gaps,
    ...[...paths].map(([key, d]) => svg("path", { class: `mark ${key}`, d: d.join("") })));
}

/** @param {string} kind */
function filled(kind) {
  return SHAPES[kind].some((move) => Array.isArray(move) && move[2].endsWith("z")) ? "full" : "line";
}

/** @param {Move[]} moves @param {number} x @param {number} lower */
function headsOf(moves, x, lower) {
  return moves.map(([dx, y, path]) => `M${(x + dx).toFixed(1)} ${y + lower}${path}`).join("");
}
