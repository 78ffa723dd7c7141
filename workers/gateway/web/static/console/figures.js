// The page of figures of the last 30 days: decisions by day, reason and rule, times to a decision, appeals, reversals and void votes.

import { el, say } from "../shared/dom.js";
import { times } from "../shared/time.js";
import { wordsIn } from "../shared/words.js";
import { bars, columns, table } from "./plots.js";

const DAYS = 30;
const DAY_MS = 86_400_000;
const VERDICTS = ["approve", "hold", "reject"];

/** @param {import("./moderation.js").Moderation} moderation */
export async function shown(moderation) {
  // Whole days: a day is taken as one of the site's time zone.
  const from = new Date(Date.now() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  const [words, found] = await Promise.all([
    wordsIn("console/figures", moderation.words.language), moderation.calls.get("/moderation/figures", { from })]);
  const { days, total } = found;
  const { locale } = moderation.words;
  const calendar = times(locale, "UTC");
  const style = "percent";
  const percent = new Intl.NumberFormat(locale, { style, maximumFractionDigits: 1 }).format;
  const share = (/** @type {number | null} */ part) => (part === null ? "–" : percent(part));
  const number = (/** @type {number} */ n) => words.number(n);
  const length = (/** @type {number | null} */ seconds) => (seconds === null ? "–" : moderation.rail.length(seconds));
  const date = (/** @type {string} */ day) => calendar.date(new Date(day));
  const none = () => el("p.nothing", {}, words.say("none"));
  const heading = (/** @type {string} */ key, /** @type {any[]} */ ...parts) => el("section", {}, el("h2", {}, words.say(key)), ...parts);

  /** Columns per day, and the same as a table. @param {string} key @param {string[]} series @param {(day: any) => (number | null)[]} values What the table has.
   * @param {(n: any) => string} format @param {(values: any[]) => number[]} [stacked] The heights that the values make. @param {number} [most] */
  const daily = (key, series, values, format, stacked = (all) => all.map(Number), most) => {
    const head = series.map((one) => words.say(one));
    const rows = days.map((/** @type {any} */ day) => ({ name: calendar.day(new Date(day.day)), values: stacked(values(day)),
      said: [date(day.day), ...values(day).map((value, index) => `${head[index]}: ${format(value)}`)].join("\n") }));
    return [columns(words.say(key), series.map((one, index) => ({ key: one, text: head[index] })), rows, format, most),
      table(words.say("as_table"), [words.say("day"), ...head], [total, ...days].map((day) => [day.day ? date(day.day) : words.say("together"), ...values(day).map(format)]))];
  };
  /** Bars of the whole time, and the same as a table. @param {string} key @param {{text: string, n: number}[]} entries */
  const whole = (key, entries) => (entries.some(({ n }) => n) ? [bars(entries, number),
    table(words.say("as_table"), [words.say(key), words.say("number")], entries.map(({ text, n }) => [text, number(n)]))] : [none()]);

  // The reasons of a site have their labels in the policy of any of its threads.
  const thread = moderation.rail.summary?.threads?.[0]?.thread;
  if (thread) await moderation.policy(thread);
  const reasons = total.reasons.map((/** @type {any} */ { reason, items }) => ({ text: reason === null ? words.say("no_reason") : moderation.reasons.label(reason), n: items }));
  const rules = total.rules.map((/** @type {any} */ { rule, items }) => ({ text: moderation.words.all[`rule.${rule}`] ?? rule, n: items }));
  const { filed, upheld, reversed } = total.appeals;
  if (moderation.place === "figures") say(moderation.order, days.length ? `${date(days[0].day)} – ${date(days.at(-1).day)} · ${found.timezone}` : "");
  return el("div.listed.figures", {},
    el("p.label.quiet", {}, words.say("imported", { n: found.imported })),
    found.more && el("p.why", {}, words.say("more")),
    heading("decided", ...(total.items ? daily("decided", VERDICTS, ({ verdicts }) => VERDICTS.map((verdict) => verdicts[verdict]), number) : [none()])),
    heading("reasons", ...whole("reason", reasons)),
    heading("rules", ...whole("rule", rules)),
    total.items ? heading("automated", el("p", {}, words.say("automated_is", { share: share(total.automated_share), n: total.items })),
      ...daily("automated", ["share"], ({ automated_share: part }) => [part], share, undefined, 1)) : "",
    total.seconds.of ? heading("wait", el("p", {}, words.say("wait_is", { median: length(total.seconds.median), p95: length(total.seconds.p95), n: total.seconds.of })),
      ...daily("wait", ["median", "p95"], ({ seconds: { median, p95 } }) => [median, p95], length, ([median, p95]) => [median, p95 - median])) : "",
    heading("reversals", ...whole("reversals", [["filed", filed], ["upheld", upheld], ["reversed", reversed], ["undone", total.reversals], ["voided", total.votes.voided], ["restored", total.votes.restored]].map(([one, n]) => ({ text: words.say(one), n })))));
}
