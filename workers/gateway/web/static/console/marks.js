// The text of a comment as typed, with what a rule matched marked in it.

import { el } from "../shared/dom.js";

/** @typedef {[number, number]} Span From one code point to another. */

/**
 * The nodes of a text.
 * @param {string} body
 * @param {{spans?: Span[], match?: string | null}} held `match` is looked for where no spans are given.
 * @returns {(Node | string)[]}
 */
export function markedText(body, held) {
  const points = [...body];
  const spans = merged(held.spans ?? found(points, held.match ?? ""), points.length);
  const nodes = [];
  let at = 0;
  for (const [from, to] of spans) {
    nodes.push(points.slice(at, from).join(""), el("mark", {}, points.slice(from, to).join("")));
    at = to;
  }
  return [...nodes, points.slice(at).join("")];
}

/** Every place of a match, overlapping ones included. @param {string[]} points @param {string} match @returns {Span[]} */
function found(points, match) {
  const wanted = [...match.toLowerCase()];
  const text = points.map((point) => point.toLowerCase());
  const spans = /** @type {Span[]} */ ([]);
  if (!wanted.length) return spans;
  for (let at = text.indexOf(wanted[0]); at >= 0; at = text.indexOf(wanted[0], at + 1)) {
    if (wanted.every((point, index) => text[at + index] === point)) spans.push([at, at + wanted.length]);
  }
  return spans;
}

/** Spans in order, those that touch joined, nothing outside of the text. @param {Span[]} spans @param {number} length */
function merged(spans, length) {
  const joined = /** @type {Span[]} */ ([]);
  for (const [from, to] of [...spans].sort((one, other) => one[0] - other[0])) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], Math.min(to, length));
    else if (from < to && from < length) joined.push([from, Math.min(to, length)]);
  }
  return joined;
}
