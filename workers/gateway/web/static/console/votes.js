// The votes on a comment, by pseudonym: those of a ring are chosen, voided with a reason, and brought back by their batch.

import { attr, el, say } from "../shared/dom.js";
import { times } from "../shared/time.js";
import { wordsIn } from "../shared/words.js";

const PAGE = 100;
/** Votes that one call voids. */
const MOST = 100;
const SHORT = 7;

/** @typedef {{comment: string, voter: string, value: number, at: string, voided: null | {batch: string, by: string, at: string, reason: string | null}}} Vote */

/** @param {import("./moderation.js").Moderation} moderation @param {string} name The thread and the comment, with a space between. */
export async function shown(moderation, name) {
  const [thread, comment] = name.split(" ");
  const words = await wordsIn("console/votes", moderation.words.language);
  const { exact } = times(moderation.words.locale);
  const place = el("div.slips");
  const none = el("p.nothing", { role: "status" });
  const problem = el("p.problem", { role: "alert" });
  const reason = /** @type {HTMLInputElement} */ (el("input", { required: true, maxlength: "500", dir: "auto" }));
  const button = el("button.do.no.small", { type: "submit" });
  const more = el("button.more", { type: "button", hidden: true, onclick: () => moderation.tried(load()) }, moderation.words.say("more"));
  const every = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", onchange: () => {
    for (const [box] of boxes) box.checked = every.checked;
    count();
  } }));
  /** @type {Map<HTMLInputElement, Vote>} */
  const boxes = new Map();
  /** @type {string | null} */
  let cursor = null;

  const chosen = () => [...boxes].filter(([box]) => box.checked).map(([, vote]) => vote);
  const count = () => {
    const n = chosen().length;
    say(button, words.say("void", { n }));
    attr(button, "disabled", !n);
  };

  /** @param {Vote} vote */
  const row = (vote) => {
    const { voter, value, at, voided } = vote;
    const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", onchange: count, "aria-label": words.say("choose", { voter: voter.slice(0, SHORT) }) }));
    if (!voided) boxes.set(box, vote);
    const undo = voided && el("button.act", { type: "button", onclick: () => act(() => restore(voided.batch)) }, words.say("undo"));
    return el("article.slip.plain", { tabindex: "-1" }, voided ? el("span") : box,
      el("time.age", { datetime: at, title: exact(new Date(at)) }, moderation.known.age(at)),
      el("div.what", {}, el("div.who", {}, el("b", { title: voter }, voter.slice(0, SHORT)), " ", el("span.on", {}, words.say(value > 0 ? "for" : "against"))),
        voided && el("p.why", { dir: "auto" }, words.say("is_void", { name: moderation.known.person(voided.by) }), voided.reason ? ` ${moderation.words.say("quoted", { text: voided.reason })}` : ""),
        undo && el("div.acts", {}, undo)));
  };

  const load = async () => {
    const answer = await moderation.calls.get("/moderation/votes", { thread, comment, limit: PAGE, cursor });
    place.append(...answer.votes.map(row));
    cursor = answer.next;
    more.hidden = !cursor;
    say(none, place.firstChild || cursor ? "" : words.say("none"));
    count();
  };
  const again = async () => {
    boxes.clear();
    place.replaceChildren();
    every.checked = false;
    cursor = null;
    await load();
  };

  /** Do something, read the votes again, and say what failed. @param {() => Promise<number>} what Its number of items that were refused. */
  const act = async (what) => {
    say(problem, "");
    try {
      const n = await what();
      await again();
      if (n) say(problem, words.say("refused", { n }));
      moderation.title.focus();
    } catch (error) {
      say(problem, moderation.wrong(error));
    }
  };
  /** @param {string} batch */
  const restore = async (batch) => refused(await moderation.calls.write("POST", `/moderation/batches/${encodeURIComponent(batch)}/reversal`));
  const annul = async () => {
    const votes = chosen().map(({ voter }) => ({ thread, comment, voter }));
    let batch;
    let n = 0;
    for (let at = 0; at < votes.length; at += MOST) {
      const answer = await moderation.calls.write("POST", "/moderation/voids", { votes: votes.slice(at, at + MOST), reason: reason.value.trim(), batch });
      batch = answer.batch;
      n += refused(answer);
    }
    return n;
  };

  await load();
  return el("form.listed", { onsubmit: (/** @type {Event} */ event) => {
    event.preventDefault();
    act(annul);
  } }, el("p", {}, words.say("about")), el("label", {}, every, " ", words.say("all")), place, none, more,
    el("label.field", {}, el("span", {}, words.say("reason")), reason), problem, el("div.acts", {}, button));
}

/** The number of items of an answer that were refused. @param {any} answer */
function refused({ results }) {
  return results.filter((/** @type {any} */ one) => one.problem).length;
}
