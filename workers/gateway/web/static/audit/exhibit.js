/**
 * What leaves the audit room: the record as JSON lines, and an exhibit.
 *
 * An exhibit is one HTML file without a script. It loads nothing, and opens from disk under the policy that it names.
 */

import { el } from "../shared/dom.js";
import { compare } from "./numbers.js";
import { lineOf } from "./sentences.js";

/** @typedef {import("./sentences.js").Event} Event */

export const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
/** Events that an exhibit words; of a longer record the last ones. */
export const WORDED = 2000;

/** Events of the record in order, page by page, between two positions, both included.
 * @param {(query: Record<string, any>) => Promise<any>} read @param {Record<string, any>} query
 * @param {[string, string] | null} range */
export async function* recorded(read, query, range) {
  let cursor = null;
  for (;;) {
    const page = await read({ ...query, limit: 500, ...(cursor ? { cursor } : {}) });
    for (const event of page.events) {
      if (range && compare(event.position, range[1]) > 0) return;
      if (!range || compare(event.position, range[0]) >= 0) yield /** @type {Event} */ (event);
    }
    cursor = page.next;
    if (!page.more) return;
  }
}

/** The lines of some events, as `hansard replay --json` prints them, their number, and the last few of the events.
 * @param {AsyncIterable<Event>} events @param {(count: number) => void} [told] hears how far it is */
export async function linesOf(events, told) {
  /** @type {string[]} */
  const lines = [];
  /** @type {Event[]} */
  const last = [];
  for await (const event of events) {
    lines.push(lineOf(event));
    last.push(event);
    if (last.length > 2 * WORDED) last.splice(0, WORDED);
    if (lines.length % 500 === 0) told?.(lines.length);
  }
  return { blob: new Blob(lines, { type: "application/x-ndjson" }), count: lines.length, last: last.slice(-WORDED) };
}

/** The SHA-256 of a file, in hexadecimal digits. @param {Blob} blob */
export async function digestOf(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Give a file to the reader. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The exhibit as a document.
 * @param {{title: string, language: string, direction: string, styles: string, facts: [string, string | Node][], heads: string[],
 *   page: Element, record: Element, foot: string}} parts */
export function exhibit({ title, language, direction, styles, facts, heads, page, record, foot }) {
  const made = document.implementation.createHTMLDocument(title);
  made.documentElement.lang = language;
  made.documentElement.dir = direction;
  made.head.prepend(el("meta", { charset: "utf-8" }), el("meta", { "http-equiv": "Content-Security-Policy", content: POLICY }),
    el("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }));
  made.body.className = "exhibit";
  made.body.append(el("main", {}, el("h1", {}, title),
    el("dl.facts", {}, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("section.then", {}, el("h2", {}, heads[0]), page), el("section.trail", {}, el("h2", {}, heads[1]), record),
    el("p.label.quiet", {}, foot)));
  // The policy of this page forbids a style in a document, even in one that nobody sees.
  const html = made.documentElement.outerHTML.replace("</head>", () => `<style>${styles}</style></head>`);
  return new Blob([`<!doctype html>\n${html}\n`], { type: "text/html" });
}
