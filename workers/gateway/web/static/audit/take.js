/**
 * Downloads of the audit room: the record as JSON lines, and an exhibit. Loaded at the first download.
 *
 * An exhibit is one HTML file without a script. It loads nothing, and opens from disk under the policy that it names.
 */

import { el, say } from "../shared/dom.js";
import { wordsIn } from "../shared/words.js";
import { after, compare, timeOf } from "./numbers.js";
import { lineOf } from "./sentences.js";
import { Then } from "./then.js";

/** @typedef {import("./sentences.js").Event} Event */

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
/** Events that an exhibit words; of a longer record the last ones. */
const WORDED = 2000;

/** Events of the record in order, page by page, between two positions, both included.
 * @param {(query: Record<string, any>) => Promise<any>} read @param {Record<string, any>} query
 * @param {[string, string] | null} range */
async function* recorded(read, query, range) {
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
 * @param {AsyncIterable<Event>} events @param {(count: number) => void} [report] receives the number of lines so far */
async function linesOf(events, report) {
  /** @type {string[]} */
  const lines = [];
  /** @type {Event[]} */
  const last = [];
  for await (const event of events) {
    lines.push(lineOf(event));
    last.push(event);
    if (last.length > 2 * WORDED) last.splice(0, WORDED);
    if (lines.length % 500 === 0) report?.(lines.length);
  }
  return { blob: new Blob(lines, { type: "application/x-ndjson" }), count: lines.length, last: last.slice(-WORDED) };
}

/** The SHA-256 of a file, in hexadecimal digits. @param {Blob} blob */
async function digestOf(blob) {
  const digest = await crypto.subtle.digest("SHA-256", await blob.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Give a file to the reader. @param {Blob} blob @param {string} name */
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The exhibit as a document.
 * @param {{title: string, language: string, direction: string, styles: string, facts: [string, string | Node][], heads: string[],
 *   page: Element, record: Element, foot: string}} parts */
function exhibit({ title, language, direction, styles, facts, heads, page, record, foot }) {
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
  // The policy of this page forbids a style in a document, even in one that is never shown.
  const html = made.documentElement.outerHTML.replace("</head>", () => `<style>${styles}</style></head>`);
  return new Blob([`<!doctype html>\n${html}\n`], { type: "text/html" });
}

/** @typedef {import("./room.js").Room} Room */

/** The lines of the record between two positions. @param {Room} room @param {Record<string, any>} query
 * @param {[string, string] | null} range @param {AbortSignal} signal @param {(text: string) => void} report */
function linesIn({ calls, words, numbers }, query, range, signal, report) {
  const read = (/** @type {any} */ page) => calls.get("/record", page, signal);
  return linesOf(recorded(read, query, range), (count) => report(words.say("export_doing", { count, total: numbers.total })));
}

/** Save what is shown of the record, as lines. The file is in front of the reader then, so nothing is said.
 * @param {Room} room @param {() => string} verdict @param {AbortSignal} signal @param {(text: string) => void} report */
export async function saveRecord(room, verdict, signal, report) {
  const { blob } = await linesIn(room, room.record.query, room.record.range, signal, report);
  save(blob, `${room.site}-${room.thread}.jsonl`);
  return "";
}

/** An event of the record, with its comment and when it was recorded. @param {Room} room @param {Event} one */
function entry({ words, event, exact, record }, one) {
  const facts = [["comment", one.comment], ["recorded", one.at && exact(one.at)]].filter(([, value]) => value);
  return el(one.position === event.position ? "li.now" : "li", {}, el("time", {}, exact(timeOf(one))),
    el("span", {}, ...record.sentence(one), el("span.ids.label.quiet", {}, facts.map(([name, value]) => `${words.say(`facts.${name}`)}: ${value}`).join(" · "))));
}

/** Save an exhibit of the moment, and say so.
 * @param {Room} room @param {() => string} verdict words the self-check @param {AbortSignal} signal
 * @param {(text: string) => void} report */
export async function saveExhibit(room, verdict, signal, report) {
  const { words, calls, caller, event, site, thread } = room;
  const first = await room.numbers.event(1);
  const { blob, count, last } = await linesIn(room, {}, [first.position, event.position], signal, report);
  const page = await calls.whole(event.position, signal);
  await room.complete(event, page);
  const then = new Then(room);
  then.whole.checked = true;
  then.show({ event, page, now: room.gone?.now ?? null, staff: true });
  for (const button of then.list.querySelectorAll("button")) button.remove();
  for (const row of then.list.querySelectorAll("article")) {
    const time = row.querySelector("time");
    say(time, time.title); // with its zone
    time.before(el("span.n", {}, row.id.slice("then-".length)));
  }
  room.names.learn(last);
  const own = await wordsIn("audit/exhibit", words.language);
  const word = own.say.bind(own);
  const time = room.exact(timeOf(event));
  const [clock, zone, day] = room.local(timeOf(event));
  const how = caller.role === "auditor"
    ? [word("digest_how"), " ", el("code", {}, `hansard replay --json --site ${site} --thread ${thread} --to ${after(event.position)}`), " ", word("digest_to")]
    : [word("digest_part")];
  /** @type {[string, string | Node][]} */
  const facts = [
    [word("site"), `${room.heading.publication} (${site})`], [word("article"), page.thread.url], [word("thread"), thread], [word("moment"), time],
    [word("local", { zone }), `${day}, ${clock} ${zone}`], ...(event.at ? [/** @type {[string, string]} */ ([word("recorded"), room.exact(event.at)])] : []),
    [word("position"), event.position],
    [word("made"), word("made_by", { name: caller.name, id: caller.claims.sub ?? "", time: room.exact(Date.now()) })],
    [word("events"), words.number(count)],
    [word("digest"), el("span", {}, el("code", {}, await digestOf(blob)), " ", ...how)],
    ...(verdict() ? [/** @type {[string, string]} */ ([word("checked"), `${verdict()}, ${room.exact(room.taking.result.at)}. ${word("checked_why")}`])] : []),
  ];
  const record = el("ol", {}, ...last.map((one) => entry(room, one)));
  const styles = await Promise.all(["hosted", "tokens", "audit"].map(async (name) => (await fetch(new URL(`../css/${name}.css`, import.meta.url))).text()));
  const file = `exhibit-${site}-${thread}-${event.position}.html`;
  save(exhibit({
    title: word("title", { title: page.thread.title, time }), language: words.language, direction: words.all.direction, styles: styles.join("\n"), facts,
    heads: [word("page"), word(count > WORDED ? "record_last" : "record", { count: last.length })], page: then.list, record, foot: word("no_script"),
  }), file);
  return word("done", { file });
}
