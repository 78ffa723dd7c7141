// Notices and offers in place of the field, where the caller may not write.

import { el } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { part } from "../shared/part.js";
import { times } from "../shared/time.js";

/** @typedef {import("../shared/words.js").Words} Words @typedef {import("./writing.js").Writing} Writing */

/** A notice about a suspension. @param {Writing} writing @param {any} refusal The problem that a comment would meet. */
export function suspended(writing, { until, reason }) {
  const { words, signal, discussion } = writing;
  const date = until && times(words.locale).longDate(new Date(until));
  const why = reason ? `${words.say("reason", { reason })} ` : "";
  const note = el("div.note.bad-note", {}, el("h3", {}, until ? words.say("suspended_until", { date }) : words.say("suspended")),
    el("p", {}, why, words.say("suspended_may")));
  part("section/suspension.js").then(({ appealing }) => signal.aborted || appealing(writing, note))
    .catch((error) => signal.aborted || error instanceof Failure || discussion.outdated());
  return note;
}

/** A warning, which its member acknowledges before the next text. @param {Writing} writing */
export function warned(writing) {
  const { words, me, calls } = writing;
  const { id, reason } = me.warning;
  const problem = el("p.bad", { role: "alert", hidden: true });
  const acknowledge = async () => {
    try {
      await calls.write("PUT", `/members/${encodeURIComponent(me.caller.id)}/warnings/${id}/acknowledgement`);
      await writing.read();
      writing.draw();
      writing.acts.draw();
    } catch {
      problem.textContent = words.say("no_answer_act");
      problem.hidden = false;
    }
  };
  return el("div.note.bad-note", {}, el("h3", {}, words.say("warned")), reason && el("p", { dir: "auto" }, reason),
    el("button.do", { type: "button", onclick: acknowledge }, words.say("acknowledge")), problem);
}

/** An offer of what writing here needs. @param {Writing} writing @param {string} needs */
export function offer(writing, needs) {
  return el("div.offer", {}, el("p", {}, condition(writing.words, needs)), subscribing(writing, "button.do", needs));
}

/** The sentence about who may write. @param {Words} words @param {string} needs */
export function condition(words, needs) {
  return needs === "subscriber" ? words.say("only_subscribers") : words.say("only", { needs });
}

/** A button that leads to what writing here needs. @param {Writing} writing @param {string} kind @param {string} needs */
export function subscribing(writing, kind, needs) {
  const onclick = () => writing.leave("hansard:subscribe", "subscribe", { needs });
  return el(kind, { type: "button", onclick }, writing.words.say("subscribe"));
}
