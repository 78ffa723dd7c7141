// Acts on a member: suspend, with what they wrote taken down in the same batch; warn; trust or hold.

import { attr, el, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { given, reasonField } from "./reason_field.js";

/** Days of a suspension; null is for good. */
const LENGTHS = [1, 7, 30, null];
/** Days of what is taken down with it: nothing, a day, a week, all. */
const TAKEN = [0, 1, 7, null];
const DAY_MS = 86_400_000;
/** Comments that one call decides on. */
const MOST = 100;

/** @typedef {import("./member.js").Member} Member @typedef {import("./moderation.js").Moderation} Moderation */
/** @typedef {{until: string | undefined, why: Record<string, string>, from: string | null, takes: boolean, batch: string, sent: any[], taken: number}} Begun
 * A suspension from its first press until all of it is done. `batch` is empty until the gateway has answered, `sent` are
 * decisions that it has not answered, `taken` are the comments taken down so far. */

/** The form of an act. @param {Member} drawer @param {string} act @param {any} member */
export function formOf(drawer, act, member) {
  const { moderation, words } = drawer;
  const problem = el("p.problem", { role: "alert" });
  const { fields, done, label } = { suspend, warn, set_standing: setStanding }[act]?.(moderation, member) ?? { fields: [], done: async () => {}, label: "" };
  const submit = el("button.do.no.small", { type: "submit" }, words.say(label));
  let busy = false;
  let written = false;
  const form = /** @type {HTMLFormElement} */ (el("form.suspend", { onsubmit: async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say(problem, "");
    try {
      // Where only reading again failed, nothing is written twice.
      if (!written) await done(new FormData(form), drawer.path);
      written = true;
      await drawer.read();
      /** @type {HTMLElement | null} */ (drawer.body.querySelector(".acts button"))?.focus();
    } catch (error) {
      say(problem, moderation.wrong(error));
      // A field that is locked has lost the focus.
      if (!form.contains(/** @type {ShadowRoot} */ (form.getRootNode()).activeElement)) submit.focus();
    } finally {
      busy = false;
    }
  } }, ...fields, problem, submit));
  return form;
}

/** A reason of the site, and the words that the member reads. @param {Moderation} moderation @param {any} member @returns {Node[]} */
function because(moderation, member) {
  const text = /** @type {HTMLInputElement} */ (el("input", { name: "reason", required: true, maxlength: "500", dir: "auto" }));
  return [reasonField(moderation, text), el("label", {}, moderation.words.say("reads", { name: member.name ?? member.id }), text)];
}

/** @param {Moderation} moderation @param {any} member */
function suspend(moderation, member) {
  const { words, calls } = moderation;
  const days = (/** @type {(number | null)[]} */ some, /** @type {string} */ none, /** @type {string} */ all) => some.map((n) =>
    el("option", { value: n ?? "" }, n === null ? words.say(all, { n: member.comments.published }) : n ? words.say(none, { n }) : words.say("nothing")));
  /** @type {Begun | null} */
  let begun = null;
  /** @param {FormData} form @returns {Begun} */
  const begin = (form) => {
    const [length, taken] = [String(form.get("days")), String(form.get("taken"))];
    return { until: length ? after(Number(length)) : undefined, why: given(form, "code", "reason"), from: taken ? after(-Number(taken)) : null,
      takes: taken !== "0", batch: "", sent: [], taken: 0 };
  };
  const done = async (/** @type {FormData} */ form, /** @type {string} */ path) => {
    // A press after a failure goes on with what the first one began, so that one undo covers all of it.
    begun ??= begin(form);
    lock(true);
    try {
      begun.batch ||= (await calls.write("PUT", `${path}/suspension`, { until: begun.until, ...begun.why })).batch;
    } catch (error) {
      if (error instanceof Failure && error.clear) lock((begun = null));
      throw error;
    }
    if (begun.takes) await takeDown(moderation, member.id, begun);
    const { batch, taken } = begun;
    const text = words.say(taken ? "did_suspend_and" : "did_suspend", { name: member.name ?? member.id, n: taken });
    await moderation.act(async (acts) => acts.did({ batch, writes: [], text }));
    await moderation.tried(moderation.changed());
  };
  const fields = [
    el("label", {}, words.say("how_long"), el("select", { name: "days" }, ...days(LENGTHS, "days", "for_good"))), ...because(moderation, member),
    el("label", {}, words.say("take_down_too"), el("select", { name: "taken" }, ...days(TAKEN, "last_days", "everything")))];
  const lock = (/** @type {boolean | null} */ locked) => fields.forEach((one) =>
    /** @type {Element} */ (one).querySelectorAll("input, select").forEach((field) => attr(field, "disabled", locked)));
  return { label: "suspend_now", done, fields };
}

/** @param {number} days @returns {string} The time that is so many days from now. */
function after(days) {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}

/** Reject what a member has published, as part of a batch. What had no answer is asked again as it was.
 * @param {Moderation} moderation @param {string} member @param {Begun} begun */
async function takeDown({ calls }, member, begun) {
  const { from, why, batch } = begun;
  const decide = async () => {
    const { results } = await calls.write("POST", "/moderation/decisions", { decisions: begun.sent, batch });
    begun.taken += results.filter((/** @type {any} */ one) => !one.problem).length;
    begun.sent = [];
  };
  if (begun.sent.length) await decide();
  let cursor = null;
  do {
    const { comments, next } = await calls.get("/moderation/comments", { member, status: "published", from, limit: MOST, cursor });
    cursor = next;
    begun.sent = comments.map((/** @type {any} */ one) => ({ thread: one.thread, comment: one.id, revision: one.revision, status: "published", verdict: "reject", ...why }));
    if (begun.sent.length) await decide();
  } while (cursor);
}

/** @param {Moderation} moderation @param {any} member */
function warn(moderation, member) {
  const { words, calls } = moderation;
  const note = el("label", {}, words.say("note"), el("input", { name: "note", maxlength: "500", dir: "auto" }));
  const done = (/** @type {FormData} */ form, /** @type {string} */ path) => calls.write("POST", `${path}/warnings`, given(form, "code", "reason", "note"));
  return { label: "warn_now", done, fields: [el("p.label.quiet", {}, words.say("warn_more")), ...because(moderation, member), note] };
}

/** @param {Moderation} moderation @param {any} member */
function setStanding({ words, calls }, member) {
  const radios = ["usual", "trusted", "held"].map((one) => el("label.choice", {},
    el("input", { type: "radio", name: "standing", value: one, required: true, checked: one === member.standing }), el("span", {}, words.say(`standing_is.${one}`))));
  const done = (/** @type {FormData} */ form, /** @type {string} */ path) => calls.write("PUT", `${path}/standing`, given(form, "standing", "reason"));
  return { label: "save", done, fields: [el("fieldset", {}, el("legend", {}, words.say("standing")), ...radios),
    el("label", {}, words.say("reason_for_staff"), el("input", { name: "reason", maxlength: "500", dir: "auto" }))] };
}
