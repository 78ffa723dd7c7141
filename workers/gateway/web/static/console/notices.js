// Notices that a comment is illegal: what each says, and the decision that names it and its ground.

import { el } from "../shared/dom.js";
import { Calls } from "../shared/calls.js";
import { Failure } from "../shared/failure.js";
import { area, caseSlip, cases } from "./cases.js";
import { given, reasonField } from "./reason_field.js";

/** @param {import("./moderation.js").Moderation} moderation */
export function shown(moderation) {
  return cases(moderation, "legal", (item) => slip(moderation, item));
}

/** @param {import("./moderation.js").Moderation} moderation @param {any} item */
async function slip(moderation, item) {
  const { words, calls } = moderation;
  const { comment, thread, revision, notice } = item;
  await moderation.policy(thread.id);
  const tells = area(words.say("reads", { name: comment.author?.name ?? "" }), "reason", false);
  const text = /** @type {HTMLTextAreaElement} */ (tells.querySelector("textarea"));
  const code = reasonField(moderation, text, "label.block");
  const ground = el("fieldset.grounds", {}, el("legend", {}, words.say("ground")), ...["law", "terms"].map((one) =>
    el("label", {}, el("input", { type: "radio", name: "ground", value: one, required: true }), words.say(`ground.${one}`))));
  const note = el("label.block", {}, words.say("note"), el("input", { name: "note", maxlength: "500", dir: "auto" }));
  const decide = (/** @type {"approve" | "reject"} */ verdict) => async (/** @type {FormData} */ form) => {
    const said = given(form, "code", "reason", "note");
    const why = verdict === "reject" ? said : { note: said.note };
    const body = { verdict, revision, status: comment.status, notice: notice.reference, ground: form.get("ground"), ...why };
    const { batch } = await calls.write("POST", `${Calls.comment(thread.id, comment.id)}/decisions`, body);
    const told = words.say("did_one", { verdict: words.say(`did.${verdict}`), name: comment.author?.name ?? "" });
    await moderation.act(async (acts) => acts.did({ batch, writes: [], text: told }));
  };
  return caseSlip(moderation, item, [
    el("p.why.flag", {}, words.say("notice"), notice.law ? ` ${words.say("notice_law", { law: notice.law })}` : ""),
    el("p.said.whole", { dir: "auto" }, words.say("quoted", { text: notice.explanation ?? "" })),
    el("p.label.quiet", {}, words.say("notice_of", { reference: notice.reference })),
    el("blockquote.answer", { dir: "auto" }, comment.body ?? ""),
  ], { fields: [ground, code, tells, note], acts: { take_down: decide("reject"), leave: decide("approve") } },
  (error) => (error instanceof Failure && error.problem.decided ? words.say("waits_no_longer") : moderation.wrong(error)));
}
