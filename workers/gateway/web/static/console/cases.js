// Cases that wait for a decision of their own kind: what appeals, notices and removal requests have in common.

import { el, say } from "../shared/dom.js";
import { gone, list } from "./lists.js";

/** @typedef {import("./moderation.js").Moderation} Moderation */
/** The form of a case: what is filled in, and one button for each act, whose words have its name.
 * `free`: the acts for which nothing has to be filled in.
 * @typedef {{fields: Node[], acts: Record<string, (form: FormData) => Promise<void>>, free?: string[]}} Form */

/** The cases of a state of the queue. @param {Moderation} moderation @param {string} state
 * @param {(item: any) => Promise<Node> | Node} make */
export function cases(moderation, state, make) {
  return list(moderation, "/moderation/queue", { state, label: moderation.label || null }, ({ items }) => Promise.all(items.map(make)), "nothing_waits");
}

/**
 * One case. It goes once an act is done; what was filled in stays where an act fails.
 * @param {Moderation} moderation @param {any} item @param {(Node | string)[]} told What the case says. @param {Form} form
 * @param {(error: unknown) => string} [wrong] Words for what failed.
 */
export function caseSlip(moderation, { comment, thread, member, since }, told, { fields, acts, free = [] }, wrong = (error) => moderation.wrong(error)) {
  const { words, known } = moderation;
  if (thread) known.see(thread);
  const who = member ?? comment.author ?? {};
  const name = who.name ?? who.id ?? "";
  const title = thread ? known.titled(thread.id) : "";
  const problem = el("p.problem", { role: "alert" });
  let busy = false;
  const form = /** @type {HTMLFormElement} */ (el("form", { onsubmit: async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const act = acts[/** @type {HTMLButtonElement | null} */ (event.submitter)?.value ?? Object.keys(acts)[0]];
    if (busy) return;
    busy = true;
    try {
      await act(new FormData(form));
      gone(moderation, article, "nothing_waits");
      moderation.tried(moderation.rail.read());
    } catch (error) {
      say(problem, wrong(error));
    } finally {
      busy = false;
    }
  } }, ...fields, el("div.acts", {}, ...Object.keys(acts).map((act) => el("button.do.plain.small", { type: "submit", value: act, formnovalidate: free.includes(act) }, words.say(act))),
    el("button.act", { type: "button", onclick: () => moderation.showMember({ badges: [], ...who, name }) }, words.say("the_member")),
    comment && el("a.act", { href: `${String(thread.url).split("#")[0]}#comment-${comment.id}`, target: "_blank", rel: "noopener noreferrer" }, words.say("open_there"))), problem));
  const article = el("article.slip.plain", { tabindex: "-1", "aria-label": words.say("item", { name, thread: title }) }, el("span"), el("span.age", {}, known.age(since)),
    el("div.what", {}, el("div.who", {}, el("b", { dir: "auto" }, name), " ", el("span.on", {}, title && words.say("in_thread", { thread: title }))), ...told, form));
  return article;
}

/** A labelled area for words. @param {string} label @param {string} name @param {boolean} [required] */
export function area(label, name, required = true) {
  return el("label.block", {}, label, el("textarea", { name, rows: "2", maxlength: "1000", required, dir: "auto" }));
}
