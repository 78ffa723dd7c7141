// Plots as SVG without text: words and numbers stand around them as HTML, and so are as large on a phone as on a desk.

import { el } from "../shared/dom.js";

/** @typedef {{key: string, text: string}} Series `key` is the class that has the colour. */
/** @typedef {{name: string, said: string, values: number[]}} Column One value per series, from below; `said` is all of it in words. */

/** @param {string} name @param {Record<string, string | number>} attributes @param {...Node} children */
function svg(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** Stacked columns, with the highest value above them and the first and the last name below.
 * @param {string} label @param {Series[]} series @param {Column[]} rows @param {(most: number) => string} format
 * @param {number} [most] The value of the full height; by default that of the highest column. */
export function columns(label, series, rows, format, most = Math.max(...rows.map(({ values }) => sum(values)))) {
  const made = rows.map(({ said, values }, index) => {
    const title = svg("title", {});
    title.append(said);
    let top = 100;
    const column = svg("g", {}, title, svg("rect", { class: "all", x: index * 10, y: 0, width: 10, height: 100 }));
    values.forEach((value, number) => {
      const height = most ? (value / most) * 100 : 0;
      top -= height;
      if (height) column.append(svg("rect", { class: series[number].key, x: index * 10 + 1, y: top.toFixed(2), width: 8, height: height.toFixed(2) }));
    });
    return column;
  });
  const drawn = svg("svg", { role: "img", "aria-label": label, viewBox: `0 0 ${rows.length * 10} 100`, preserveAspectRatio: "none" }, ...made);
  const legend = series.length > 1 && el("p.legend", {}, ...series.map(({ key, text }) => el("span", {}, swatch(key), text)));
  return el("div.plot", {}, legend, el("p.most", {}, format(most)), drawn, el("p.ends", {}, el("span", {}, rows[0]?.name), el("span", {}, rows.at(-1)?.name)));
}

/** A bar per entry, beside its words and its number. @param {{text: string, n: number}[]} entries @param {(n: number) => string} format */
export function bars(entries, format) {
  const most = Math.max(1, ...entries.map(({ n }) => n));
  return el("ul.bars", {}, ...entries.map(({ text, n }) => el("li", {}, el("span", { dir: "auto" }, text),
    svg("svg", { "aria-hidden": "true", viewBox: `0 0 ${most} 1`, preserveAspectRatio: "none" }, svg("rect", { class: "one", width: n, height: 1 })),
    el("span.n", {}, format(n)))));
}

/** A table that is opened: the same as a plot shows. @param {string} summary @param {string[]} head @param {string[][]} rows The first of each names it. */
export function table(summary, head, rows) {
  return el("details", {}, el("summary", {}, summary), el("div.wide", { tabindex: "0", role: "group", "aria-label": head.join(", ") }, el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...rows.map(([name, ...values]) => el("tr", {}, el("th", { scope: "row", dir: "auto" }, name), ...values.map((value) => el("td", {}, value))))))));
}

/** @param {string} key */
function swatch(key) {
  return svg("svg", { "aria-hidden": "true", viewBox: "0 0 1 1" }, svg("rect", { class: key, width: 1, height: 1 }));
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((one, other) => one + other, 0);
}
