/**
 * The model of the strip of time: from events to places on a line from 0 to 1. Pure: no DOM, no clock.
 *
 * The strip of a long thread has columns of several events. On a scale of time, a long gap is drawn short.
 *
 * @typedef {import("./kinds.js").Kind} Kind
 * @typedef {{at: number, kind: Kind}} Dot An event; `at` is in milliseconds since 1970.
 * @typedef {{from: string, to: string, at: number, until: number, counts: Record<string, number>}} Part
 *   Consecutive events: the positions and the times of the first and the last, and the number of each sort.
 * @typedef {{first: number, count: number, at: number, until: number, kind: Kind | null,
 *   counts: Record<string, number>}} Mark Event number `first` and the `count - 1` after it. `kind` is null in a column.
 * @typedef {{x: number, width: number, ms: number}} Gap
 * @typedef {{x: number, at: number, day: boolean}} Tick
 * @typedef {{marks: Mark[], xs: number[], gaps: Gap[], ticks: Tick[], columns: boolean, total: number}} Strip
 */

import { SORTS, sortOf } from "./kinds.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 30 * DAY,
  90 * DAY, 365 * DAY];
const MOST_TICKS = 9;
const SHORTEST_GAP = 30 * MINUTE;
/** A gap of at least so many times the median is long. */
const UNLIKE = 20;
const MOST_GAPS = 12;
const GAP_WIDTH = 0.038;
const EDGE = 0.004;
const LEAST_SPACE = 0.035;

/** The strip of single events.
 * @param {Dot[]} dots in the order of the log
 * @param {"time" | "events"} scale
 * @returns {Strip} */
export function ofEvents(dots, scale) {
  const marks = dots.map((dot, index) => ({
    first: index + 1, count: 1, at: dot.at, until: dot.at, kind: dot.kind, counts: { [sortOf(dot.kind)]: 1 },
  }));
  return placed(marks, scale, false);
}

/** The strip of a long thread: parts joined to at most `most` columns.
 * @param {Part[]} parts
 * @param {"time" | "events"} scale
 * @param {number} most
 * @returns {Strip} */
export function ofParts(parts, scale, most) {
  const per = Math.max(1, Math.ceil(parts.length / most));
  /** @type {Mark[]} */
  const marks = [];
  let first = 1;
  for (let start = 0; start < parts.length; start += per) {
    const joined = parts.slice(start, start + per);
    /** @type {Record<string, number>} */
    const counts = {};
    let count = 0;
    for (const part of joined) {
      for (const sort of SORTS) {
        const number = part.counts[sort] ?? 0;
        if (number) counts[sort] = (counts[sort] ?? 0) + number;
        count += number;
      }
    }
    const ends = [joined[0].at, joined[joined.length - 1].until];
    marks.push({ first, count, at: ends[0], until: ends[1], kind: null, counts });
    first += count;
  }
  return placed(marks, scale, true);
}

/** The place of event number `index` on the strip.
 * @param {Strip} strip
 * @param {number} index from 1
 * @returns {number} */
export function placeOf(strip, index) {
  const { marks, xs } = strip;
  const at = markOf(strip, index);
  if (at < 0) return 0;
  const mark = marks[at];
  if (mark.count === 1) return xs[at];
  const next = at + 1 < xs.length ? xs[at + 1] : 1;
  return xs[at] + (Math.max(next - xs[at], 0) * (index - mark.first)) / mark.count;
}

/** The number of the event at or next to a place.
 * @param {Strip} strip
 * @param {number} x
 * @returns {number} from 1; 0 if there is no event */
export function indexAt(strip, x) {
  const { marks, xs } = strip;
  if (marks.length === 0) return 0;
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle - 1;
  }
  const next = xs[low + 1] ?? 1;
  const mark = marks[low];
  if (mark.count === 1) return low + 1 < marks.length && next - x < x - xs[low] ? marks[low + 1].first : mark.first;
  const within = next > xs[low] ? (x - xs[low]) / (next - xs[low]) : 0;
  return mark.first + Math.min(mark.count - 1, Math.max(0, Math.floor(within * mark.count)));
}

/** The index of the mark that holds event number `index`; -1 if there is none.
 * @param {Strip} strip
 * @param {number} index from 1
 * @returns {number} */
export function markOf(strip, index) {
  const { marks } = strip;
  let low = 0;
  let high = marks.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const mark = marks[middle];
    if (index < mark.first) high = middle - 1;
    else if (index >= mark.first + mark.count) low = middle + 1;
    else return middle;
  }
  return -1;
}

/** Places of times on a line, with gaps that are much longer than the rest drawn short.
 *
 * Times that are out of order, as an import may record them, stay at the place of the event before.
 *
 * @param {number[]} times
 * @param {number} [per] 2 where the times are pairs, the begin and the end of a mark: a gap lies between marks only
 * @returns {{xs: number[], gaps: Gap[], ticks: Tick[]}} */
export function timeline(times, per = 1) {
  if (times.length === 0) return { xs: [], gaps: [], ticks: [] };
  const rising = ordered(times);
  const total = rising[rising.length - 1] - rising[0];
  if (total === 0) return { xs: rising.map(() => 0.5), gaps: [], ticks: [] };
  const long = longGaps(rising, total, per);
  const shortened = long.reduce((sum, index) => sum + rising[index] - rising[index - 1], 0);
  const room = 1 - 2 * EDGE - long.length * GAP_WIDTH;
  const perMs = room / (total - shortened || 1);
  const isLong = new Set(long);
  /** @type {number[]} */
  const xs = [EDGE];
  /** @type {Gap[]} */
  const gaps = [];
  for (let i = 1; i < rising.length; i++) {
    const ms = rising[i] - rising[i - 1];
    const width = isLong.has(i) ? GAP_WIDTH : ms * perMs;
    if (isLong.has(i)) gaps.push({ x: xs[i - 1] + GAP_WIDTH * 0.1, width: GAP_WIDTH * 0.8, ms });
    xs.push(xs[i - 1] + width);
  }
  return { xs, gaps, ticks: spaced(ticks(rising, xs, isLong, total - shortened)) };
}

/** @param {Mark[]} marks @param {"time" | "events"} scale @param {boolean} columns @returns {Strip} */
function placed(marks, scale, columns) {
  const last = marks[marks.length - 1];
  const total = last ? last.first + last.count - 1 : 0;
  if (scale === "time" && !columns) return { marks, ...timeline(marks.map((mark) => mark.at)), columns, total };
  if (scale === "time") {
    const line = timeline(marks.flatMap((mark) => [mark.at, mark.until]), 2);
    return { marks, ...line, xs: line.xs.filter((_, index) => index % 2 === 0), columns, total };
  }
  const xs = marks.map((mark) => EDGE + ((1 - 2 * EDGE) * (mark.first - 1)) / Math.max(total - 1, 1));
  return { marks, xs, gaps: [], ticks: spaced(days(ordered(marks.map((mark) => mark.at)), xs)), columns, total };
}

/** Indexes of the times before which a gap is so long, and so unlike the others, that it would squeeze them.
 * @param {number[]} rising @param {number} total @param {number} per @returns {number[]} */
function longGaps(rising, total, per) {
  const before = (/** @type {number} */ index) => rising[index] - rising[index - 1];
  const order = [];
  for (let i = per; i < rising.length; i += per) if (before(i) > 0) order.push(i);
  order.sort((a, b) => before(b) - before(a));
  const least = Math.max(SHORTEST_GAP, UNLIKE * (order.length ? before(order[order.length >> 1]) : 0));
  /** @type {number[]} */
  const long = [];
  let rest = total;
  for (const index of order.slice(0, MOST_GAPS)) {
    const ms = before(index);
    if (ms < least || ms < (rest - ms) / 6) break;
    long.push(index);
    rest -= ms;
  }
  return long;
}

/** Round times on the line, none within a gap that is drawn short.
 * @param {number[]} rising @param {number[]} xs @param {Set<number>} isLong @param {number} shown @returns {Tick[]} */
function ticks(rising, xs, isLong, shown) {
  const step = STEPS.find((one) => shown / one <= MOST_TICKS) ?? STEPS[STEPS.length - 1];
  /** @type {Tick[]} */
  const found = [];
  for (let i = 1; i < rising.length; i++) {
    const from = rising[i - 1];
    if (isLong.has(i)) {
      const day = Math.ceil(rising[i] / DAY) * DAY - DAY;
      if (day > from) found.push({ x: xs[i], at: day, day: true });
      continue;
    }
    for (let at = Math.floor(from / step) * step + step; at <= rising[i]; at += step) {
      const x = xs[i - 1] + ((xs[i] - xs[i - 1]) * (at - from)) / (rising[i] - from || 1);
      found.push({ x, at, day: at % DAY === 0 });
    }
  }
  return found;
}

/** The first mark of each day, for a scale of equal steps.
 * @param {number[]} rising @param {number[]} xs @returns {Tick[]} */
function days(rising, xs) {
  const first = (/** @type {number} */ at, /** @type {number} */ i) => !i || Math.floor(at / DAY) !== Math.floor(rising[i - 1] / DAY);
  return rising.flatMap((at, i) => (first(at, i) ? [{ x: xs[i], at, day: true }] : []));
}

/** Ticks without those that are too near the one before. @param {Tick[]} all @returns {Tick[]} */
function spaced(all) {
  let last = -1;
  return all.filter(({ x }) => {
    const fits = x - last >= LEAST_SPACE;
    if (fits) last = x;
    return fits;
  });
}

/** Times made rising: as many as possible stay as they are, and each of the others takes the time before it.
 *
 * So the few that an import recorded out of order do not squeeze the many.
 *
 * @param {number[]} times @returns {number[]} */
function ordered(times) {
  /** @type {number[]} */
  const ends = []; // of the best run of each length, the index of its last time
  /** @type {number[]} */
  const before = [];
  times.forEach((time, i) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[ends[middle]] <= time) low = middle + 1;
      else high = middle;
    }
    before[i] = low ? ends[low - 1] : -1;
    ends[low] = i;
  });
  const kept = new Set();
  for (let i = ends[ends.length - 1] ?? -1; i >= 0; i = before[i]) kept.add(i);
  let last = times.find((_, i) => kept.has(i)) ?? 0;
  return times.map((time, i) => (kept.has(i) ? (last = time) : last));
}
