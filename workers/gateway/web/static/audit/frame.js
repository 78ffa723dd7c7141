/** The frame around the moment: the bar, notes on what the caller sees, the tabs of a phone; or why nothing is shown. */

import { el } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";

/** Put everything of a room into its body. @param {import("./room.js").Room} room */
export function frame({ words, caller: { role, name, staff }, body, heading, then, trail, foot, lost, status, site, address, page }) {
  const who = role === "nobody" ? "" : words.say(`role_${role}`, { name });
  const note = { auditor: null, moderator: "tallies", other: "wrong_role", nobody: "public_sees" }[role];
  const two = el("div.two", {}, then.element, trail);
  const tab = (/** @type {string} */ key, /** @type {boolean} */ checked) => el("label", {},
    el("input", { type: "radio", name: "side", checked, onchange: () => {
      two.classList.toggle("side", key === "record");
      two.querySelector(key === "record" ? ".now" : ".hit")?.scrollIntoView({ block: "center" });
    } }), words.say(key));
  heading.element.firstElementChild?.append(el("fieldset.tabs", {}, el("legend.sr", {}, words.say("show")), tab("then", true), tab("record", false)));
  body.replaceChildren(
    el("div.bar", {}, el("b", {}, "Hansard"), el("span.site", { title: site }, heading.publication), el("span.end.label", {}, who)),
    lost, note ? el("p.note.label", {}, words.say(note, { name }), staff ? "" : ` ${words.say("staff_see")}`) : "",
    heading.element, two, el(`div.check${staff ? ".staff" : ""}`, {}, foot), status);
  if (address.hosted) document.title = `${page.thread.title} · ${words.say("room")}`;
}

/** Say why a room shows nothing. @param {import("./room.js").Room} room @param {unknown} error
 * @returns {boolean} whether the reason is known */
export function refusal({ words, caller: { role, name }, body, begin }, error) {
  const slug = error instanceof Failure ? error.slug : "";
  const key = { "history-not-public": role === "other" ? "closed_role" : "closed_out", "not-found": "not_found" }[slug];
  body.replaceChildren(el("div.refused", {}, el("h1", {}, words.say("room")), el("p", { role: "alert" }, words.say(key ?? "failed", { name })),
    key ? "" : el("button.do", { type: "button", onclick: begin }, words.say("again"))));
  return Boolean(key);
}
