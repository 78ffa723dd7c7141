// Lists that are read and not decided on: decisions, newest first; passages that were not found in their article.

import { el, say } from "../shared/dom.js";
import { marked } from "../shared/diff.js";
import { times } from "../shared/time.js";
import { wordDiff } from "../shared/word_diff.js";

const PAGE = 50;

/** @typedef {import("./moderation.js").Moderation} Moderation */

/** A list with a button for more.
 * @param {Moderation} moderation @param {string} path @param {Record<string, any>} query
 * @param {(answer: any) => Promise<Node[]> | Node[]} rows @param {string} none Key of the words for an empty list.
 * @param {(n?: number) => void} [counted] Takes the number of rows, where all are there. */
export async function list(moderation, path, query, rows, none, counted) {
  const { words, calls } = moderation;
  const place = el("div.slips");
  const more = el("button.more", { type: "button", hidden: true, onclick: () => moderation.tried(load()) }, words.say("more"));
  let cursor = null;
  const load = async () => {
    const answer = await calls.get(path, { ...query, limit: PAGE, cursor });
    const made = await rows(answer);
    place.append(...made);
    cursor = answer.next;
    more.hidden = !cursor;
    counted?.(cursor ? undefined : place.childElementCount);
    if (!place.firstChild) place.append(el("p.nothing", {}, words.say(none)));
    else if (more.matches(":focus")) made[0]?.focus?.();
  };
  await load();
  return el("div.listed", {}, place, more);
}

/** The list of a kind. @param {Moderation} moderation @param {string | undefined} id @param {string} kind */
export function shown(moderation, id, kind) {
  return kind === "anchors" ? anchors(moderation) : decisions(moderation, kind === "by_me");
}

/** Take a slip out of its list. The focus goes on to the next one. @param {Moderation} moderation @param {HTMLElement} slip
 * @param {string} none Key of the words for an empty list. */
export function gone(moderation, slip, none) {
  const next = /** @type {HTMLElement | null} */ (slip.nextElementSibling ?? slip.previousElementSibling);
  (next ?? moderation.title).focus();
  if (next) slip.remove();
  else slip.replaceWith(el("p.nothing", {}, moderation.words.say(none)));
}

/** Decisions of today, by everybody or by one's own. @param {Moderation} moderation @param {boolean} own */
function decisions(moderation, own) {
  const { words } = moderation;
  const { exact } = times(words.locale);
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const query = { label: moderation.label || null, ...(own ? { by: moderation.token.claims.sub } : { from: midnight.toISOString() }) };
  return list(moderation, "/moderation/decisions", query, ({ decisions: found }) => Promise.all(found.map(async (/** @type {any} */ one) => {
    const { url } = await moderation.known.thread(one.thread);
    const said = words.say("decision", { verdict: words.say(`did.${one.verdict}`), name: moderation.known.person(one.by) });
    return el("article.slip.plain", { tabindex: "-1" }, el("span"), el("time.age", { datetime: one.at, title: exact(new Date(one.at)) }, moderation.known.age(one.at)),
      el("div.what", {}, el("div.who", {}, el("b", {}, said), " ", el("span.on", {}, words.say("in_thread", { thread: moderation.known.titled(one.thread) }))),
        ...[one.reason && words.say("quoted", { text: one.reason }), one.note && words.say("noted", { text: one.note })].filter(Boolean).map((text) => el("p", { dir: "auto" }, text)),
        el("a.act", { href: `${url}#comment-${one.comment}`, target: "_blank", rel: "noopener noreferrer" }, words.say("open_there"))));
  })), "nothing_decided");
}

/** Passages that a moderator's section did not find. @param {Moderation} moderation */
function anchors(moderation) {
  const { words } = moderation;
  const counted = (/** @type {number | undefined} */ n) => (moderation.lost = n);
  return list(moderation, "/moderation/anchors", { found: false }, ({ anchors: found }) => found.map((/** @type {any} */ one) => {
    const { quote, proposal, thread } = one;
    moderation.known.see(thread);
    const problem = el("p.problem", { role: "alert" });
    const article = el("article.slip.plain", { tabindex: "-1" }, el("span"), el("span.age", {}, moderation.known.age(one.seen_at)),
      el("div.what", {}, el("div.who", {}, el("b", {}, words.say("passage_lost")), " ", el("span.on", {}, words.say("in_thread", { thread: moderation.known.titled(thread.id) }))),
        el("p.said", { dir: "auto" }, ...(proposal ? marked(wordDiff(quote.exact, proposal.exact)) : [words.say("quoted", { text: quote.exact })])),
        proposal ? "" : el("p.why", {}, words.say("no_proposal")),
        el("div.acts", {}, proposal ? el("button.do", { type: "button", onclick: () => set() }, words.say("set_passage")) : "",
          el("a.act", { href: thread.url, target: "_blank", rel: "noopener noreferrer" }, words.say("open_article"))), problem));
    const set = async () => {
      try {
        const path = `/threads/${encodeURIComponent(thread.id)}/anchors/${encodeURIComponent(one.anchor ?? one.id)}`;
        await moderation.calls.write("PUT", path, { quote: proposal, prompt: one.prompt ?? undefined, status: one.status });
        gone(moderation, article, "nothing_lost");
        if (moderation.lost) moderation.lost--;
        moderation.rail.draw();
      } catch (error) {
        say(problem, moderation.wrong(error));
      }
    };
    return article;
  }), "nothing_lost", counted);
}
