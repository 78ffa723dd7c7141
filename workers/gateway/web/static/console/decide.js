// Deciding on the item in hand: the buttons, and the reasons with the author's words and a note for staff.

import { activeIn, attr, el, say } from "../shared/dom.js";

/**
 * The text typed about one item, kept until a decision is acknowledged.
 * @typedef {{code: string | null, reason: string, own: boolean, note: string, open: boolean}} Draft `own`: the words
 *   were changed by hand, and another reason does not replace them.
 */

/** @returns {Draft} */
const blank = () => ({ code: null, reason: "", own: false, note: "", open: false });

export class Decide {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    this.words = moderation.words;
    /** By the key of an item. @type {Map<string, Draft>} */
    this.drafts = new Map();
    /** @type {import("./item.js").Slip | null} */
    this.slip = null;
    /** The state that the form was drawn from: the form is not drawn again while a moderator uses it. */
    this.drawn = "";
    const { words } = this;
    const button = (/** @type {string} */ kind, /** @type {string} */ name, /** @type {string} */ key, /** @type {() => void} */ act) =>
      el(`button${kind}`, { type: "button", onclick: act }, el("span", {}, words.say(name)), " ", el("kbd", { "aria-hidden": "true" }, key));
    this.approving = button(".do", "approve", "A", () => this.act("approve"));
    this.rejecting = button(".do.no", "reject", "R", () => this.reasons(!this.draft.open));
    this.holding = button(".do.plain", "set_aside", "H", () => this.act("hold"));
    this.spamming = button(".act", "spam", "S", () => this.act("spam"));
    this.picking = button(".act", "pick", "F", () => this.act("pick"));
    this.buttons = el("div.decide", {}, this.approving, this.rejecting, this.holding, this.spamming, this.picking);
    this.form = /** @type {HTMLFormElement} */ (el("form.reasons", { hidden: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) }));
    this.problem = el("p.problem", { role: "alert" });
    this.element = el("div.deciding", {}, this.buttons, this.form, this.problem);
  }

  /** @returns {Draft} */
  get draft() {
    const key = this.slip?.key ?? "";
    let draft = this.drafts.get(key);
    if (!draft) this.drafts.set(key, (draft = blank()));
    return draft;
  }

  /** Stand at an item. What was typed about it is there again, and stays where the item is decided elsewhere.
   * @param {import("./item.js").Slip | null} slip */
  at(slip) {
    if (this.slip !== slip) {
      this.slip = slip;
      say(this.problem, "");
    }
    if (!slip) return this.element.remove();
    const { clash, element } = slip;
    this.buttons.hidden = Boolean(clash);
    if (clash && !this.draft.open) {
      if (this.element.contains(activeIn(element))) element.focus();
      return this.element.remove();
    }
    if (this.element.parentNode !== element) element.append(this.element);
    const published = slip.item.comment.status === "published";
    say(this.holding.firstChild, this.words.say(published ? "hold" : "set_aside"));
    this.#draw();
  }

  /** Do what a key or a button says. @param {"approve" | "hold" | "spam" | "pick"} what */
  act(what) {
    const { slip } = this;
    if (slip && !slip.clash) this.moderation.tried(this.moderation.act((acts) => acts.decide(slip, what, null)));
  }

  /** Open or close the reasons. @param {boolean} open */
  reasons(open) {
    const { slip, draft } = this;
    if (!slip || (open && slip.clash)) return;
    draft.open = open;
    this.at(slip);
    if (open) this.form.querySelector("input")?.focus();
    else slip.element.focus();
  }

  /** Choose a reason by its number. @param {number} number From 1. */
  choose(number) {
    const radio = this.form.querySelectorAll('input[type="radio"]')[number - 1];
    if (this.draft.open && radio instanceof HTMLInputElement) {
      radio.checked = true;
      radio.focus();
      this.#chosen(radio.value);
    }
  }

  /** Say what is wrong, with what was typed kept. @param {string} sentence */
  fail(sentence) {
    say(this.problem, sentence);
  }

  #draw() {
    const { words, moderation, slip, draft, form } = this;
    attr(this.rejecting, "aria-expanded", String(draft.open));
    form.hidden = !draft.open;
    const { list } = moderation.reasons;
    const now = slip && draft.open ? JSON.stringify([slip.key, list]) : "";
    if (this.sending) this.sending.hidden = Boolean(slip?.clash);
    if (now === this.drawn) return;
    this.drawn = now;
    if (!slip || !draft.open) return;
    const radios = list.map(({ code }, index) => el("label", {},
      el("input", { type: "radio", name: "code", value: code, checked: code === draft.code, onchange: () => this.#chosen(code) }),
      el("kbd", { "aria-hidden": "true" }, index < 9 ? String(index + 1) : ""), el("span", {}, moderation.reasons.label(code))));
    const area = /** @type {HTMLTextAreaElement} */ (el("textarea", { rows: "2", maxlength: "500", name: "reason", dir: "auto",
      oninput: () => Object.assign(draft, { reason: area.value, own: area.value !== "" }), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#enter(event) }));
    area.value = draft.reason;
    const note = /** @type {HTMLInputElement} */ (el("input", { name: "note", maxlength: "500", dir: "auto", oninput: () => (draft.note = note.value) }));
    note.value = draft.note;
    this.area = area;
    this.sending = el("button.do.no", { type: "submit" }, words.say("reject"), " ", el("kbd", { "aria-hidden": "true" }, words.say("enter")));
    const name = form.contains(activeIn(form)) ? activeIn(form)?.getAttribute("name") : null;
    form.replaceChildren(
      el("fieldset", {}, el("legend", {}, words.say("reject_because")), ...radios),
      el("label.field", {}, el("span", {}, words.say("reads", { name: slip.name })), area),
      el("label.field", {}, el("span", {}, words.say("note")), note),
      el("div.under", {},
        el("button.act", { type: "button", onclick: () => this.reasons(false) }, words.say("cancel"), " ", el("kbd", { "aria-hidden": "true" }, "Esc")),
        this.sending),
    );
    if (name) /** @type {HTMLElement | null} */ (form.querySelector(`[name="${name}"]`))?.focus();
  }

  /** @param {string} code */
  #chosen(code) {
    const { draft } = this;
    draft.code = code;
    if (draft.own || !this.area) return;
    draft.reason = this.area.value = this.moderation.reasons.tells(code);
  }

  /** @param {import("./item.js").Slip} slip @param {import("./acts.js").Given} given */
  #reject(slip, given) {
    this.moderation.tried(this.moderation.act((acts) => acts.decide(slip, "reject", given)));
  }

  /** Enter rejects, Shift+Enter begins a line. @param {KeyboardEvent} event */
  #enter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    const { slip, draft } = this;
    if (slip && !slip.clash) this.#reject(slip, { code: draft.code, reason: draft.reason.trim(), note: draft.note.trim() });
  }
}
