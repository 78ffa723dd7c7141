// The preview of a word list: texts of the last 30 days that its terms would hold, before they are saved.

import { el } from "../shared/dom.js";
import { markedText } from "./marks.js";

/** Examples that are shown. */
const MOST = 5;

/** The counts of a rehearsal, with some of the texts. It goes on where one request did not judge them all.
 * @param {import("./moderation.js").Moderation} moderation @param {string} list @param {string[]} terms @returns {Promise<HTMLElement>} */
export async function preview(moderation, list, terms) {
  const { words, calls, known } = moderation;
  const said = el("p", { role: "status" });
  const slips = el("div.slips");
  const more = el("button.more", { type: "button", hidden: true, onclick: () => moderation.tried(go()) }, words.say("preview_go_on"));
  const counts = { judged: 0, hold: 0, free: 0 };
  /** @type {string | undefined} */
  let cursor;
  const row = async (/** @type {any} */ one, /** @type {string} */ what) => {
    const { url } = await known.thread(one.thread);
    return el("article.slip.plain", {}, el("span"), el("time.age", { datetime: one.at }, known.age(one.at)),
      el("div.what", {}, el("div.who", {}, el("b", {}, words.say(what)), " ", el("span.on", {}, words.say("in_thread", { thread: known.titled(one.thread) }))),
        el("p.said.whole", { dir: "auto" }, ...markedText(one.body, { match: one.match })),
        el("a.act", { href: `${url}#comment-${one.comment}`, target: "_blank", rel: "noopener noreferrer" }, words.say("open_there"))));
  };
  const go = async () => {
    const found = await calls.write("POST", "/policy/rehearsal", { changes: {}, lists: { [list]: { terms } }, cursor });
    counts.judged += found.judged;
    counts.hold += found.would_hold.texts;
    counts.free += found.would_not_hold.texts;
    cursor = found.next;
    const examples = [...found.would_hold.examples.map((/** @type {any} */ one) => row(one, "would_hold")),
      ...found.would_not_hold.examples.map((/** @type {any} */ one) => row(one, "would_not_hold"))];
    slips.append(...(await Promise.all(examples.slice(0, MOST - slips.childElementCount))));
    more.hidden = !found.more;
    said.textContent = words.say("preview_says", { hold: counts.hold, free: counts.free, n: counts.judged }) + (found.more ? ` ${words.say("preview_more")}` : "");
  };
  await go();
  return el("div.preview", {}, said, slips, more);
}
