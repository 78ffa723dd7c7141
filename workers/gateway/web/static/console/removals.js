// Superseded texts whose removal their authors ask for: beside the text that is shown now, granted or refused.

import { el } from "../shared/dom.js";
import { Calls } from "../shared/calls.js";
import { marked } from "../shared/diff.js";
import { wordDiff } from "../shared/word_diff.js";
import { area, caseSlip, cases } from "./cases.js";

/** @param {import("./moderation.js").Moderation} moderation */
export function shown(moderation) {
  return cases(moderation, "removal", (item) => slip(moderation, item));
}

/** @param {import("./moderation.js").Moderation} moderation @param {any} item */
async function slip(moderation, item) {
  const { words, calls } = moderation;
  const { comment, thread, removal: { revision } } = item;
  const path = Calls.comment(thread.id, comment.id);
  const { revisions } = await calls.get(`${path}/revisions`, { limit: 200 });
  const body = revisions.find((/** @type {any} */ one) => one.revision === revision)?.body ?? "";
  const grant = (/** @type {FormData} */ form) => calls.write("PUT", `${path}/revisions/${revision}/redaction`, { reason: form.get("reason") });
  const refuse = () => calls.write("DELETE", `${path}/revisions/${revision}/removal-request`);
  return caseSlip(moderation, item, [
    el("p.why", {}, words.say("removal_asked", { n: revision })),
    el("p.said.whole", { dir: "auto" }, body),
    el("p.label.quiet", {}, words.say("shown_now")),
    el("p.answer", { dir: "auto" }, ...marked(wordDiff(body, comment.body ?? ""))),
  ], { fields: [area(words.say("removal_reason"), "reason")], acts: { remove_text: grant, keep_text: refuse }, free: ["keep_text"] });
}
