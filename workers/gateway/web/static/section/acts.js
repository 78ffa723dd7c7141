// Acts of a reader on a row: vote, reply, edit, withdraw, and the menu. Rows are equipped as they come near.

import { part } from "../shared/part.js";
import { attr, el, on, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { posted } from "./posting.js";

const MINUTE_MS = 60_000;
/** Minutes before the end of the time for edits from which on it is said. */
const SOON = 5;

/** @typedef {import("./rows.js").Item} Item */

export class Acts {
  /** @param {import("./writing.js").Writing} writing */
  constructor(writing) {
    this.writing = writing;
    this.words = writing.words;
    const { rows, section } = writing.discussion;
    this.rows = rows;
    const { signal } = writing;
    /** Votes that are on their way, by comment. @type {Map<string, {wanted: number, sent: number | null}>} */
    this.votes = new Map();
    this.near = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        this.near.unobserve(target);
        this.equip(/** @type {Item} */ (target.closest("li")));
      }
    }, { rootMargin: "600px" });
    on(signal, "abort", () => this.near.disconnect());
    rows.given.tally = (kind, n) => (n ? writing.discussion.words.say(kind, { n }) : this.words.say(kind));
    rows.watchers.push((li) => this.near.observe(rows.article(li)));
    on(section, "click", (event) => this.press(event), { signal });
    this.draw();
  }

  /** Equip every row again: the sign-in changed. */
  draw() {
    for (const li of this.rows.items.values()) {
      attr(this.rows.article(li), "data-equipped", null);
      this.near.observe(this.rows.article(li));
    }
  }

  /** Give a row what can be done with it. @param {Item} li */
  equip(li) {
    const article = this.rows.article(li);
    if (article.dataset.equipped || !article.querySelector(":scope > .text")) return;
    attr(article, "data-equipped", true);
    const { writing, words } = this;
    const { policy, me, open } = writing;
    const id = String(li.dataset.key);
    const own = Boolean(me) && article.dataset.by === me.caller.id;
    const acts = article.querySelector(":scope > .acts");
    const name = article.querySelector(".who > b")?.textContent ?? "";
    if (policy.votes && policy.vote !== "nobody") this.ballot(acts, id, own && !policy.own_votes);
    acts.querySelectorAll(".can").forEach((one) => one.remove());
    const can = (/** @type {string} */ kind, /** @type {string} */ label, attributes = {}) => el(`button.act.can.${kind}`, { type: "button", ...attributes }, words.say(label));
    const mayReply = open && policy.reply !== "nobody" && (policy.comment !== "nobody" || policy.reply);
    const editable = own && open && this.left(article) > 0;
    acts.querySelector(".votes").after(...[
      mayReply && can("reply", "reply", { "aria-label": words.say("reply_to", { name }) }),
      editable && can("edit", "edit"), own && can("withdraw", "withdraw"), editable && this.soon(article),
    ].filter(Boolean));
    acts.append(can("menu", "menu", { "aria-label": words.say("more_for", { name }), "aria-haspopup": "menu" }));
  }

  /** Milliseconds in which a comment may be edited. @param {HTMLElement} article */
  left(article) {
    const { policy, now } = this.writing;
    if (policy.edit_window === null) return Infinity;
    return Date.parse(article.querySelector("time").dateTime) + policy.edit_window * 1000 - now;
  }

  /** @param {HTMLElement} article */
  soon(article) {
    const n = Math.ceil(this.left(article) / MINUTE_MS);
    return n <= SOON && el("span.can.soon", {}, this.words.say("edit_left", { n }));
  }

  /** Make the tally of a row two buttons. @param {HTMLElement} acts @param {string} id @param {boolean} refused */
  ballot(acts, id, refused) {
    const { words, writing } = this;
    const value = this.votes.get(id)?.wanted ?? writing.me?.votes?.[id]?.value ?? 0;
    const tally = acts.querySelector(".votes");
    for (const [kind, one] of /** @type {[string, number][]} */ ([["for", 1], ["against", -1]])) {
      let place = tally.querySelector(`.${kind}`);
      if (place.localName !== "button") {
        const button = el(`button.act.${kind}`, { type: "button", "data-vote": one });
        button.textContent = place.textContent || words.say(kind);
        place.replaceWith(button);
        place = button;
      }
      attr(place, "aria-pressed", String(value === one));
      attr(place, "aria-disabled", refused && "true");
      attr(place, "title", refused && words.say("own_vote"));
      attr(place, "aria-description", refused && words.say("own_vote"));
    }
  }

  /** @param {MouseEvent} event */
  press(event) {
    const target = /** @type {Element} */ (event.composedPath()[0]);
    const button = /** @type {HTMLElement | null} */ (target.closest?.("button"));
    const li = /** @type {Item | null} */ (button?.closest("li[data-key]"));
    if (!button || !li || button.getAttribute("aria-disabled")) return;
    const id = String(li.dataset.key);
    if (button.dataset.vote) this.vote(li, Number(button.dataset.vote));
    else if (button.matches(".reply")) this.reply(id)?.focus();
    else if (button.matches(".can.edit")) this.#loaded(li, this.editing(id, button));
    else if (button.matches(".withdraw, .menu")) this.#loaded(li, this.menu(li, button));
  }

  /** Say beside a row that a part could not be loaded, and what is written is kept. @param {Item} li @param {Promise<void>} work */
  async #loaded(li, work) {
    const { discussion } = this.writing;
    try {
      await work;
      this.rows.article(li).querySelector(":scope > .beside.failed")?.remove();
    } catch {
      if (this.writing.signal.aborted) return;
      this.say(li, discussion.words.say("part_failed"));
      this.rows.article(li).querySelector(":scope > .beside")?.classList.add("failed");
      discussion.outdated();
    }
  }

  /** Vote, or take the vote back. Presses while a vote is on its way are sent as one, the last. @param {Item} li @param {number} value */
  async vote(li, value) {
    const { writing, rows } = this;
    const id = String(li.dataset.key);
    const article = rows.article(li);
    if (!(await writing.token.get())) return writing.leave("hansard:signin", "signin");
    if (!writing.me) await writing.signed();
    const before = writing.me?.votes?.[id]?.value ?? 0;
    const state = this.votes.get(id) ?? { wanted: before, sent: null };
    state.wanted = state.wanted === value ? 0 : value;
    this.#press(article, state.wanted);
    if (this.votes.has(id)) return;
    this.votes.set(id, state);
    await new Promise((done) => requestAnimationFrame(done));
    try {
      while (state.sent !== state.wanted) {
        const { wanted } = state;
        const { comment } = await writing.calls.write("PUT", `${writing.path}/comments/${encodeURIComponent(id)}/vote`, { value: wanted });
        state.sent = wanted;
        writing.me.votes[id] = { value: wanted };
        if (comment) (await writing.discussion.rendering()).votes(li, comment);
        writing.send("hansard:voted", { comment: id, value: wanted });
      }
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#press(article, writing.me?.votes?.[id]?.value ?? 0);
      this.say(li, error.status === 0 || error.status >= 500 ? this.words.say("not_voted") : writing.refusal(error));
    } finally {
      this.votes.delete(id);
    }
  }

  /** @param {HTMLElement} article @param {number} value */
  #press(article, value) {
    for (const button of article.querySelectorAll("[data-vote]")) attr(button, "aria-pressed", String(Number(button.dataset.vote) === value));
  }

  /** Say something beside a row. @param {Item} li @param {string} text */
  say(li, text) {
    const article = this.rows.article(li);
    let line = article.querySelector(":scope > .beside");
    if (!line) article.append((line = el("p.beside", { role: "alert" })));
    say(line, text);
  }

  /** Open the field for a reply. @param {string} id */
  reply(id) {
    const { writing, rows, words } = this;
    const li = rows.items.get(id);
    if (!li) return null;
    const name = `reply:${id}`;
    const there = writing.composers.get(name);
    if (there?.element.isConnected) return there;
    const article = rows.article(li);
    const revision = Number(article.dataset.revision) || undefined;
    const composer = writing.composer({
      name,
      label: words.say("reply_to", { name: article.querySelector(".who > b")?.textContent ?? "" }),
      send: (body, key) => writing.calls.write("POST", `${writing.path}/comments`, { body, parent: id, parent_revision: revision }, key),
      sent: (answer) => posted(writing, answer),
      left: () => article.querySelector(".reply")?.focus(),
    });
    const who = writing.policy.reply ?? writing.policy.comment;
    composer.hint.replaceChildren(...writing.hint(who));
    writing.guests(composer, who);
    article.after(composer.element);
    return composer;
  }

  /** Open the field for another text. @param {string} id @param {HTMLElement | null} opener */
  async editing(id, opener) {
    const { writing } = this;
    const { Editing } = await part("section/editing.js");
    if (!writing.signal.aborted) await (this.edits ??= new Editing(writing)).open(id, opener);
  }

  /** Open again what a draft was written for. @param {string} target */
  resume(target) {
    const [kind, id] = target.split(/:(.*)/s);
    if (!this.rows.items.has(id)) return;
    if (kind === "reply") this.reply(id);
    else if (kind === "edit" && this.writing.me) this.editing(id, null);
  }

  /** @param {Item} li @param {HTMLElement} opener */
  async menu(li, opener) {
    const { writing } = this;
    const { Menu } = await part("section/menu.js");
    if (writing.signal.aborted) return;
    this.menus ??= new Menu(writing);
    if (opener.matches(".withdraw")) this.menus.withdraw(li, opener);
    else this.menus.open(li, opener);
  }
}
