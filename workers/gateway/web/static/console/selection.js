// Several items at once: how many, what to do with them, and one line that names the number before it is done.

import { el, say } from "../shared/dom.js";

export class Selection {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    const { words } = moderation;
    this.words = words;
    /** The act that is to be confirmed. @type {"approve" | "reject" | null} */
    this.asked = null;
    this.count = el("span");
    const button = (/** @type {string} */ key, /** @type {() => void} */ act) => el("button", { type: "button", onclick: act }, el("span"), " ", el("kbd", { "aria-hidden": "true" }, key));
    this.approving = button("⇧ A", () => this.ask("approve"));
    this.rejecting = button("⇧ R", () => this.ask("reject"));
    this.bar = el("div.several", {}, this.count, this.approving, this.rejecting,
      el("button", { type: "button", onclick: () => moderation.queue.selectVisible() }, words.say("select_visible")),
      el("button.opt", { type: "button", onclick: () => moderation.queue.clear() }, words.say("clear"), " ", el("kbd", { "aria-hidden": "true" }, "Esc")));
    this.form = /** @type {HTMLFormElement} */ (el("form.sure", { hidden: true, onsubmit: (/** @type {Event} */ event) => this.#submit(event) }));
    this.problem = el("p.problem", { role: "alert" });
    this.element = el("div.batch", { role: "region", "aria-label": words.say("selection"), hidden: true }, this.bar, this.form, this.problem);
  }

  draw() {
    const { words, moderation } = this;
    const n = moderation.queue.selected.length;
    this.element.hidden = !n;
    if (!n) return this.#close();
    say(this.count, words.say("selected", { n }));
    say(this.approving.firstChild, words.say("approve_n", { n }));
    say(this.rejecting.firstChild, words.say("reject_n", { n }));
    if (this.asked && this.number !== n) this.#close();
  }

  /** Ask once, with the number, before anything is done. @param {"approve" | "reject"} what */
  ask(what) {
    const { words, moderation } = this;
    const n = moderation.queue.selected.length;
    if (!n) return;
    this.asked = what;
    this.number = n;
    this.opener = /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (this.element.getRootNode()).activeElement);
    const radios = what === "reject" ? moderation.reasons.list.map(({ code }, index) => el("label", {}, el("input", { type: "radio", name: "code", value: code }),
      el("kbd", { "aria-hidden": "true" }, index < 9 ? String(index + 1) : ""), el("span", {}, moderation.reasons.label(code)))) : [];
    const go = el("button", { type: "submit" }, words.say(`${what}_n`, { n }), " ", el("kbd", { "aria-hidden": "true" }, words.say("enter")));
    this.form.replaceChildren(...(radios.length ? [el("fieldset", {}, el("legend", {}, words.say("reject_because")), ...radios)] : []), go,
      el("button.opt", { type: "button", onclick: () => this.cancel() }, words.say("cancel"), " ", el("kbd", { "aria-hidden": "true" }, "Esc")));
    this.form.hidden = false;
    this.bar.hidden = true;
    (this.form.querySelector("input") ?? go).focus();
  }

  /** @param {number} number */
  choose(number) {
    const radio = /** @type {HTMLInputElement | undefined} */ (this.form.querySelectorAll('input[type="radio"]')[number - 1]);
    if (!radio) return;
    radio.checked = true;
    radio.focus();
  }

  cancel() {
    this.#close();
    this.opener?.focus();
  }

  #close() {
    this.asked = null;
    this.form.hidden = true;
    this.bar.hidden = false;
    say(this.problem, "");
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const { asked, moderation } = this;
    if (!asked || this.busy) return;
    const chosen = /** @type {HTMLInputElement | null} */ (this.form.querySelector("input:checked"));
    const code = chosen?.value ?? null;
    this.busy = true;
    try {
      await moderation.act((acts) => acts.decideAll(asked, asked === "reject" ? { code, reason: code ? moderation.reasons.tells(code) : "", note: "" } : null));
      this.#close();
    } catch (error) {
      say(this.problem, moderation.wrong(error));
    } finally {
      this.busy = false;
    }
  }
}
