/** The panel under the strip: the scale, the range, and the strip as a table. */

import { el } from "../shared/dom.js";
import { lengthOf } from "./slider.js";
import { SORTS } from "./kinds.js";

/** @typedef {import("./strip.js").Strip} Strip */

/** The content of the panel. @param {import("./timeline.js").Timeline} timeline */
export function panelOf(timeline) {
  const { room, strip } = timeline;
  const { words, numbers } = room;
  const scale = (/** @type {"time" | "events"} */ name) => el("label", {},
    el("input", { type: "radio", name: "scale", value: name, checked: timeline.scale === name, onchange: () => timeline.scaled(name) }),
    words.say(`scale_${name}`));
  const act = (/** @type {string} */ name, /** @type {() => [number, number]} */ range) =>
    el("button.act", { type: "button", value: name, onclick: () => timeline.pick(range()) }, words.say(name));
  const here = () => room.number;
  return [
    el("div.tools", {},
      el("fieldset", {}, el("legend", {}, words.say("scale")), scale("time"), scale("events")),
      el("fieldset", {}, el("legend", {}, words.say("range")),
        act("range_from", () => [here(), Math.max(here(), timeline.range?.[1] ?? numbers.total)]),
        act("range_to", () => [Math.min(here(), timeline.range?.[0] ?? 1), here()]))),
    el("div.table", { tabindex: 0, role: "region", "aria-label": words.say("table") },
      tableOf(strip, words, room.exact, (to) => room.move(to))),
  ];
}

/** The strip as a table.
 * @param {Strip} strip @param {import("../shared/words.js").Words} words @param {(at: number) => string} exact
 * @param {(number: number) => void} go */
function tableOf(strip, words, exact, go) {
  const heads = strip.columns ? ["number", "begin", "end"] : ["number", "time", "kind"];
  const sorts = strip.columns ? SORTS.map((sort) => words.say(`sorts.${sort}`)) : [];
  const link = (/** @type {number} */ number) => el("button.act", { type: "button", onclick: () => go(number) }, words.number(number));
  const cells = (/** @type {import("./strip.js").Mark} */ mark) => mark.kind
    ? [exact(mark.at), words.say(`key.${mark.kind}`)]
    : [exact(mark.at), exact(mark.until), ...SORTS.map((sort) => words.number(mark.counts[sort] ?? 0))];
  const rows = strip.marks.flatMap((mark, index) => {
    const row = el("tr", {}, el("th", { scope: "row" }, link(mark.first)), ...cells(mark).map((text) => el("td", {}, text)));
    const gap = strip.gaps.find(({ x }) => index > 0 && x >= strip.xs[index - 1] && x < strip.xs[index]);
    if (!gap) return [row];
    return [el("tr.gap", {}, el("td", { colspan: heads.length + sorts.length }, words.say("gap_row", { length: lengthOf(gap.ms, words) }))), row];
  });
  return el("table", {},
    el("caption", {}, words.say(strip.columns ? "table_columns" : "table_caption", { columns: strip.marks.length })),
    el("thead", {}, el("tr", {}, ...[...heads.map((head) => words.say(`table_head.${head}`)), ...sorts].map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows));
}
