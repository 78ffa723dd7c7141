// A field to write in: for a new comment, a reply or another text. It is never a child of what the feed changes.

import { attr, el, on, say } from "../shared/dom.js";
import { newKey } from "../shared/calls.js";
import { Failure } from "../shared/failure.js";

export { Drafts } from "./draft.js";
export * as offers from "./offers.js";
export * as posting from "./posting.js";

const SAVED_MS = 300;
/** Characters left from which on they are counted. */
const COUNTED = 500;

/**
 * @typedef {object} Target What is written.
 * @property {string} name Name of its draft: `new`, `reply:<comment>` or `edit:<comment>`.
 * @property {string} label Words above the field.
 * @property {(text: string, key: string) => Promise<any>} send Sends it. Raises Failure.
 * @property {(answer: any) => void} sent
 * @property {() => void} [left] Called when the reader closes it. A field for new comments cannot be closed.
 * @property {string} [text] What the field begins with.
 * @property {string} [send_label] Key of the words of its button.
 */

export class Composer {
  /** @param {import("./writing.js").Writing} writing @param {Target} target */
  constructor(writing, target) {
    this.writing = writing;
    this.words = writing.words;
    this.target = target;
    const id = `w-${target.name.replace(/\W/g, "-")}`;
    this.area = /** @type {HTMLTextAreaElement} */ (el("textarea", { id, rows: "1", dir: "auto", "aria-describedby": `${id}-h` }));
    this.hint = el("p.hint", { id: `${id}-h` });
    this.count = el("span.count", { role: "status" });
    this.found = el("span.found");
    this.button = el("button.do", { type: "submit" }, this.words.say(target.send_label ?? "post"));
    this.bad = el("p.bad", { role: "alert" });
    this.more = el("div.acts.more-acts");
    const label = el("label", { for: id }, target.label);
    const cancel = target.left && el("button.act.cancel", { type: "button", onclick: () => this.leave() }, this.words.say("cancel"));
    this.name = el("div.name", { hidden: true });
    this.element = el("form.write", { part: "write", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.post();
    } }, el("div.line", {}, label, cancel), this.name, this.area, this.hint, this.bad, this.more, el("div.under", {}, this.count, this.found, this.button));
    this.timer = 0;
    this.closed = false;
    this.waiting = 0;
    this.sending = false;
    const { signal } = writing;
    on(this.area, "input", () => this.typed(), { signal });
    on(this.area, "keydown", (event) => this.key(event), { signal });
    on(window, "pagehide", () => this.save(), { signal });
    on(document, "selectionchange", () => this.focused && this.later(), { signal });
    const draft = writing.drafts.read(target.name);
    this.area.value = draft?.text ?? target.text ?? "";
    if (draft?.text && draft.text !== target.text) this.#again(draft);
    this.pending = draft?.key ? { key: draft.key, text: draft.sent ?? draft.text } : null;
    this.draw();
    requestAnimationFrame(() => signal.aborted || this.fit());
  }

  get focused() {
    return /** @type {ShadowRoot} */ (this.area.getRootNode()).activeElement === this.area;
  }

  get text() {
    return this.area.value;
  }

  /** Say whose draft this is, and offer to drop it. @param {import("./draft.js").Draft} draft */
  #again(draft) {
    const { words } = this;
    const clock = words.say("your_draft", { time: this.writing.clock(draft.at) });
    const drop = el("button.act", { type: "button", onclick: () => {
      this.area.value = this.target.text ?? "";
      this.pending = null;
      this.writing.drafts.drop(this.target.name);
      this.typed();
      this.area.focus();
    } }, words.say("discard"));
    this.found.replaceChildren(clock, " ", drop);
    if (draft.caret !== undefined) this.area.setSelectionRange(draft.caret, draft.caret);
  }

  focus() {
    this.area.focus();
  }

  typed() {
    this.found.replaceChildren();
    this.fit();
    this.draw();
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), SAVED_MS);
  }

  save() {
    clearTimeout(this.timer);
    if (this.closed) return;
    if (this.text === (this.target.text ?? "") && !this.pending) return this.writing.drafts.drop(this.target.name);
    const { key, text: sent } = this.pending ?? {};
    this.writing.drafts.write(this.target.name, { text: this.text, at: Date.now(), key, sent, caret: this.area.selectionStart });
  }

  /** As high as its text. */
  fit() {
    const { area } = this;
    area.style.blockSize = "auto";
    if (area.scrollHeight) area.style.blockSize = `${Math.min(area.scrollHeight + 2, innerHeight / 2)}px`;
  }

  /** Say how much room is left, and whether it can be sent. */
  draw() {
    const { words, writing } = this;
    const left = writing.policy.max_body - [...this.text.normalize()].length;
    say(this.count, left > COUNTED ? "" : left < 0 ? words.say("too_long", { n: -left }) : words.say("left", { n: left }));
    this.element.classList.toggle("open", Boolean(this.text) || this.target.name !== "new");
    attr(this.area, "aria-invalid", left < 0 && "true");
    attr(this.button, "aria-disabled", (this.waiting > 0 || this.sending) && "true");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.post();
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.leave();
    }
  }

  /** Close it. Where something is written, it is asked for first. */
  leave() {
    const { target, words } = this;
    if (!this.text.trim() || this.text === target.text) return this.close();
    const question = el("span", {}, words.say("discard_it"));
    const keep = el("button.act", { type: "button", onclick: () => {
      this.more.replaceChildren();
      this.area.focus();
    } }, words.say("keep_writing"));
    this.more.replaceChildren(question, " ", keep, el("button.act", { type: "button", onclick: () => this.close() }, words.say("discard")));
    keep.focus();
  }

  close() {
    const { target } = this;
    this.writing.drafts.drop(target.name);
    this.pending = null;
    this.more.replaceChildren();
    this.fail("");
    this.area.value = target.text ?? "";
    this.draw();
    this.fit();
    if (!target.left) return this.area.focus();
    this.closed = true;
    clearTimeout(this.timer);
    target.left();
    this.element.remove();
  }

  /** Say what is wrong. What is written stays. @param {string} what @param {...(Node | string)} why */
  fail(what, ...why) {
    this.bad.replaceChildren(...(what ? [el("b", {}, what), " ", ...why] : []));
    attr(this.area, "aria-invalid", Boolean(what) && "true");
  }

  /** Send it. One key goes with it from the first press until there is an answer, so that it is never sent twice. */
  async post() {
    const { writing, target, words } = this;
    if (this.sending || this.waiting || this.closed) return;
    const text = this.text.trim();
    if (!text) return this.fail(words.say("write_something"));
    if (!(await writing.mayPost(this))) return;
    const again = this.pending?.text === text;
    if (!again) this.pending = { key: newKey(), text };
    this.save();
    this.fail("");
    this.sending = true;
    this.draw();
    try {
      const answer = await target.send(text, this.pending.key);
      this.pending = null;
      writing.drafts.drop(target.name);
      this.area.value = "";
      if (target.left) {
        this.closed = true;
        this.element.remove();
      }
      target.sent(answer);
    } catch (error) {
      if (!writing.signal.aborted) this.#failed(error, again);
    } finally {
      this.sending = false;
      say(this.button, words.say(this.pending ? "post_again" : (target.send_label ?? "post")));
      this.fit();
      this.draw();
    }
  }

  /** @param {unknown} error @param {boolean} again Whether it was sent before, without a clear answer. */
  #failed(error, again) {
    const { words, writing } = this;
    if (!(error instanceof Failure)) throw error;
    const { status, slug, problem, wait } = error;
    if (error.clear || (status === 401 && !again)) this.pending = null;
    if (status === 401) return writing.signIn(this);
    const what = words.say("not_posted");
    if (status === 429) return this.#wait(what, wait || 1);
    if (status === 0 || status >= 500) this.fail(what, words.say("no_answer"));
    else if (slug === "stale-revision" && this.newer) this.newer(problem, this);
    else this.fail(what, writing.refusal(error));
    this.save();
  }

  /** Count the seconds down after which it can be sent again. @param {string} what @param {number} seconds */
  #wait(what, seconds) {
    const until = Date.now() + seconds * 1000;
    const tick = () => {
      this.waiting = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      if (this.waiting) this.fail(what, this.words.say("too_many", { n: this.waiting }));
      else this.fail("");
      this.draw();
      if (this.waiting && !this.writing.signal.aborted) setTimeout(tick, 1000);
    };
    tick();
  }
}
