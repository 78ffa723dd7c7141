// Statements about decisions on the caller's own comments: seen, and appealed against.

import { part } from "../shared/part.js";
import { child, el, on } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { times } from "../shared/time.js";

/** @typedef {{until: string | null, filed_at: string | null, outcome: string | null, reason: string | null}} Appeal */
/** @typedef {{verdict: string, reason: string | null, code: string | null, ground: string | null, automated: boolean, at: string, appeal: Appeal}} Decision
 * @typedef {{id: string, posted_at: string, decision: Decision}} Decided */

export class Appeals {
  /** @param {import("./writing.js").Writing} writing */
  constructor(writing) {
    this.writing = writing;
    this.words = writing.words;
    /** Statements of which the author was not told yet, by comment, and the articles that show them. @type {Map<string, Element>} */
    this.untold = new Map();
    /** Outcomes that this page has said were seen. @type {Set<string>} */
    this.said = new Set();
    this.near = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (isIntersecting) this.#seen(target);
    }, { threshold: 0.6 });
    on(writing.signal, "abort", () => this.near.disconnect());
  }

  /** Say below a statement how to appeal, or what became of that. @param {Decided} row @param {HTMLElement} article */
  of(row, article) {
    const { words } = this;
    const { id, decision } = row;
    const { until, outcome } = decision.appeal;
    const { open, date, said } = appealState(this.writing, decision.appeal);
    const why = decision.verdict === "hold" && decision.reason ? words.say("reason", { reason: decision.reason }) : "";
    const parts = [why, ...said].filter(Boolean);
    const line = child(article, "why");
    if (parts.length) line?.after(el("p.why", {}, parts.join(" ")));
    // Who is told nothing of why, as about spam, has no statement.
    if (decision.automated || decision.reason || decision.code) child(article, "acts")?.before(this.#statement(row, date));
    if (open) {
      const button = el("button.act", { type: "button", onclick: () => this.ask(id, button) }, words.say("appeal"));
      child(article, "acts")?.append(button);
    }
    this.untold.delete(id);
    if (outcome ? this.said.has(id + outcome) : until) return;
    this.untold.set(id, article);
    this.near.observe(article);
  }

  /** The whole of a decision: what, why, on what ground, by whom, and until when one may appeal.
   * @param {Decided} row @param {string} date The last day for an appeal. */
  #statement({ posted_at: posted, decision }, date) {
    const { words, writing } = this;
    const { verdict, reason, code, ground, automated, at } = decision;
    const { longDate, clock } = times(words.locale);
    const day = (/** @type {string} */ time) => `${longDate(new Date(time))}, ${clock(new Date(time))}`;
    const one = writing.policy.reasons?.find((/** @type {any} */ other) => other.code === code);
    const label = code && (one?.label?.[words.language] ?? words.all[`reason.${code}`] ?? Object.values(one?.label ?? {})[0]);
    const said = [label, reason && writing.discussion.words.say("quoted", { text: reason })].filter(Boolean).join(": ");
    const rules = ground === "terms" && writing.policy.rules_url;
    const facts = [
      ["decision.what", words.say(`decision.${verdict}`, { date: day(posted) })],
      ["decision.reason", said],
      ["decision.ground", ground && words.say(`ground.${ground}`), rules && el("a", { href: rules, target: "_blank", rel: "noopener" }, words.say("rules"))],
      ["decision.decided", words.say(automated ? "decided.rule" : "decided.moderator", { date: day(at) })],
      ["appeal", date && words.say("appeal_until", { date })],
    ];
    return el("details.statement", {}, el("summary", {}, words.say("full_decision")), el("dl", {}, ...facts.flatMap(([name, text, more]) => (
      text ? [el("dt", {}, words.say(name)), el("dd", { dir: "auto" }, text, more && " ", more)] : []))));
  }

  /** Ask for the words of an appeal against the decision on a comment. @param {string} id @param {HTMLElement} opener */
  ask(id, opener) {
    const { writing } = this;
    return ask(writing, opener, `${writing.path}/comments/${encodeURIComponent(id)}/appeal`, async (position) => {
      await writing.read(position);
      await writing.own();
    });
  }

  /** The author has a statement in view. Once all were, they count as told. @param {Element} article */
  async #seen(article) {
    this.near.unobserve(article);
    for (const [id, one] of this.untold) if (one === article || !one.isConnected) this.untold.delete(id);
    const { writing } = this;
    if (this.untold.size || !writing.me) return;
    const { now, rejected } = writing.me;
    for (const { id, decision } of rejected) if (decision.appeal.outcome) this.said.add(id + decision.appeal.outcome);
    try {
      await writing.calls.write("PUT", "/mine/seen", { until: now, thread: writing.discussion.api.threadId });
      await writing.looked();
    } catch (error) {
      if (!(error instanceof Failure) && !writing.signal.aborted) throw error;
      // The next time that the page is opened says it again.
    }
  }
}

/** State of an appeal, or of the right to one, and the sentences about it. @param {import("./writing.js").Writing} writing @param {Appeal} appeal
 * @returns {{open: boolean, date: string, said: string[]}} Whether one may appeal, the last day for it where the window has begun, and sentences. */
export function appealState({ words, now }, { until, filed_at: filed, outcome, reason }) {
  const date = until ? times(words.locale).longDate(new Date(until)) : "";
  const open = !filed && (!until || Date.parse(until) > now);
  const said = filed ? words.say(outcome ? "appeal_upheld" : "appeal_waits") : open && date ? words.say("appeal_until", { date }) : "";
  return { open, date, said: [said, outcome && reason ? words.say("reason", { reason }) : ""].filter(Boolean) };
}

/** Ask for the words of an appeal, and file it. @param {import("./writing.js").Writing} writing @param {HTMLElement} opener
 * @param {string} path Where it is filed. @param {(position: string) => Promise<void>} filed What follows. */
export async function ask(writing, opener, path, filed) {
  const { words } = writing;
  const { Menu } = await part("section/menu.js");
  if (writing.signal.aborted) return;
  const menus = (writing.acts.menus ??= new Menu(writing));
  const text = el("textarea", { name: "text", rows: "4", maxlength: "4000", required: true, dir: "auto" });
  const parts = [el("p", {}, words.say("appeal_more")), el("label.block", {}, words.say("appeal_why"), text)];
  menus.ask(words.say("appeal"), opener, parts, words.say("appeal"), async (/** @type {HTMLFormElement} */ form) => {
    const { position } = await writing.calls.write("POST", path, { text: new FormData(form).get("text") });
    writing.discussion.tell(words.say("appeal_waits"));
    await filed(position);
  });
}
