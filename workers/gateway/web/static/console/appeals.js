// Appeals that wait: the words of the author, the decision or the suspension, and the verdict of another moderator.

import { el } from "../shared/dom.js";
import { Calls } from "../shared/calls.js";
import { Failure } from "../shared/failure.js";
import { times } from "../shared/time.js";
import { area, caseSlip, cases } from "./cases.js";

/** @param {import("./moderation.js").Moderation} moderation */
export function shown(moderation) {
  return cases(moderation, "appeal", (item) => slip(moderation, item));
}

/** @param {import("./moderation.js").Moderation} moderation @param {any} item */
function slip(moderation, item) {
  const { words, known, calls } = moderation;
  const { comment, thread, member, appeal } = item;
  const { decision } = appeal;
  const path = member ? `/members/${encodeURIComponent(member.id)}/suspension` : Calls.comment(thread.id, comment.id);
  const by = decision.automated ? decision.by : known.person(decision.by);
  const said = member ? `${decision.until ? words.say("suspended_until", { date: times(words.locale).longDate(new Date(decision.until)) }) : words.say("suspended_for_good")} ${by}`
    : words.say("decision", { verdict: words.say(`did.${decision.verdict}`), name: by });
  const decide = (/** @type {"reverse" | "uphold"} */ verdict) => (/** @type {FormData} */ form) =>
    calls.write("PUT", `${path}/appeal/decision`, { verdict, reason: form.get("reason") });
  return caseSlip(moderation, item, [comment ? el("p.said", { dir: "auto" }, comment.body ?? "") : "",
    el("p", {}, said, decision.reason ? ` ${words.say("quoted", { text: decision.reason })}` : ""),
    el("p.why", { dir: "auto" }, words.say("quoted", { text: appeal.text ?? "" }))],
  { fields: [area(words.say("appeal_reason"), "reason")], acts: { reverse: decide("reverse"), uphold: decide("uphold") } },
  (error) => (error instanceof Failure && error.slug === "own-decision" ? words.say("own_decision") : moderation.wrong(error)));
}
