// The menu of a row: copy its link, report it; for its author, withdraw it; for staff, what staff.js adds.

import { attr, el, on, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";

/** @typedef {import("./rows.js").Item} Item */

export class Menu {
  /** @param {import("./writing.js").Writing} writing */
  constructor(writing) {
    this.writing = writing;
    this.words = writing.words;
    this.root = /** @type {HTMLElement} */ (writing.discussion.section);
    this.list = el("div.menu", { popover: "auto" });
    this.dialog = /** @type {HTMLDialogElement} */ (el("dialog.asked"));
    this.root.append(this.list, this.dialog);
    /** @type {HTMLElement | null} */
    this.opener = null;
    const { signal } = writing;
    on(this.list, "toggle", ({ newState }) => this.#toggled(newState === "open"), { signal });
    on(this.list, "keydown", (event) => this.#walk(event), { signal });
    on(window, "scroll", () => this.list.matches(":popover-open") && this.#place(), { signal, passive: true });
    on(signal, "abort", () => [this.list, this.dialog].forEach((one) => one.remove()));
  }

  /** @param {Item} li @param {HTMLElement} opener */
  async open(li, opener) {
    const { writing, list } = this;
    const id = String(li.dataset.key);
    const article = writing.discussion.rows.article(li);
    const own = article.dataset.by === writing.me?.caller.id;
    const items = [this.item("copy", () => this.copy(id)), !own && this.item("report", () => this.report(li, opener))];
    const staff = await writing.staff();
    if (writing.signal.aborted) return;
    this.show(opener, [...items, ...(staff ? await staff.items(li, opener) : [])]);
    list.querySelector("button")?.focus();
  }

  /** @param {HTMLElement} opener @param {(Node | false)[]} items */
  show(opener, items) {
    this.opener = opener;
    this.list.replaceChildren(...items.filter((one) => one instanceof Node));
    this.list.showPopover();
    this.#place();
  }

  /** @param {string} label @param {() => void} act */
  item(label, act) {
    return el("button", { type: "button", onclick: () => {
      this.list.hidePopover();
      act();
    } }, this.words.all[label] ? this.words.say(label) : label);
  }

  /** @param {boolean} open */
  #toggled(open) {
    attr(this.opener, "aria-expanded", String(open));
    const { active } = this.writing.discussion;
    // The focus leaves what is hidden only with the next frame.
    if (!open && (!active || this.list.contains(active))) this.opener?.focus();
  }

  #place() {
    const { list, opener } = this;
    if (!opener) return;
    const at = opener.getBoundingClientRect();
    const box = list.getBoundingClientRect();
    const below = at.bottom + box.height < innerHeight;
    list.style.insetBlockStart = `${below ? at.bottom : Math.max(0, at.top - box.height)}px`;
    list.style.left = `${Math.max(8, Math.min(at.right - box.width, innerWidth - box.width - 8))}px`;
  }

  /** @param {KeyboardEvent} event */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...this.list.querySelectorAll("button")];
    const at = all.indexOf(/** @type {HTMLButtonElement} */ (this.writing.discussion.active));
    all[(at + step + all.length) % all.length]?.focus();
  }

  /** Copy the address of a comment. @param {string} id */
  async copy(id) {
    const { writing, words } = this;
    const link = writing.discussion.rows.given.link + id;
    const { tell } = writing.discussion;
    try {
      await navigator.clipboard.writeText(link);
      writing.acts.say(writing.discussion.rows.items.get(id), words.say("copied"));
      tell.call(writing.discussion, words.say("copied"));
    } catch {
      writing.acts.say(writing.discussion.rows.items.get(id), link);
    }
  }

  /** Ask something in a dialog. The focus goes back to what opened it.
   * @param {string} title @param {HTMLElement} opener @param {Node[]} parts @param {string} label Of the button that does it.
   * @param {(form: HTMLFormElement) => Promise<void>} act Raises Failure; then the dialog says why and stays. */
  ask(title, opener, parts, label, act) {
    const { dialog, words, writing } = this;
    const bad = el("p.bad", { role: "alert" });
    const go = el("button.do", { type: "submit" }, label);
    let busy = false;
    const form = /** @type {HTMLFormElement} */ (el("form", { onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      try {
        await act(form);
        dialog.close();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        say(bad, error.status === 0 || error.status >= 500 ? words.say("no_answer_act") : error.status === 429 ? words.say("too_many", { n: error.wait || 1 })
          : error.status === 401 ? words.say("signed_out") : writing.refusal(error));
      } finally {
        busy = false;
      }
    } }, el("h3", { id: "asked" }, title), ...parts, bad,
      el("div.under", {}, el("button.act", { type: "button", onclick: () => dialog.close() }, words.say("cancel")), go)));
    attr(dialog, "aria-labelledby", "asked");
    dialog.replaceChildren(form);
    dialog.onclose = () => opener.isConnected && opener.focus();
    dialog.showModal();
    return form;
  }

  /** Report a comment. No reason is chosen before the reader chooses one. @param {Item} li @param {HTMLElement} opener */
  async report(li, opener) {
    const { writing, words } = this;
    if (!(await writing.token.get())) return writing.leave("hansard:signin", "signin");
    const { policy, path } = writing;
    const article = writing.discussion.rows.article(li);
    const id = String(li.dataset.key);
    const radios = policy.report_reasons.map((/** @type {any} */ one) => el("label", {}, el("input", { type: "radio", name: "reason", value: one.code, required: true }), this.reason(one)));
    const note = el("textarea", { name: "note", rows: "2", maxlength: "500", dir: "auto" });
    this.ask(words.say("report_what"), opener, [el("fieldset", {}, el("legend.sr", {}, words.say("report_what")), ...radios), el("label.block", {}, words.say("in_your_words"), note)], words.say("report"), async (form) => {
      const given = new FormData(form);
      const law = policy.report_reasons.some((/** @type {any} */ one) => one.code === given.get("reason") && one.ground === "law");
      if (law) return this.notice(id);
      const said = String(given.get("note")).trim();
      const body = { reason: given.get("reason"), revision: Number(article.dataset.revision), ...(said && { note: said }) };
      await writing.calls.write("POST", `${path}/comments/${encodeURIComponent(id)}/reports`, body);
      writing.acts.say(li, words.say("reported"));
    });
  }

  /** Open the form for a notice that a comment is illegal. @param {string} id */
  notice(id) {
    const { api, element } = this.writing.discussion;
    const path = ["site", "thread"].map((name) => encodeURIComponent(element.getAttribute(name))).join("/");
    open(new URL(`../../../read/${path}/${encodeURIComponent(id)}/notice`, api.site), "_blank", "noopener");
  }

  /** The words of a reason. @param {any} one */
  reason({ code, label = {} }) {
    const { words } = this;
    return label[words.language] ?? words.all[`reason.${code}`] ?? Object.values(label)[0] ?? code;
  }

  /** Withdraw a comment of one's own, and offer to undo that. @param {Item} li @param {HTMLElement} opener */
  withdraw(li, opener) {
    const { writing, words } = this;
    const id = String(li.dataset.key ?? li.dataset.own);
    const path = `${writing.path}/comments/${encodeURIComponent(id)}`;
    this.ask(words.say("withdraw_it"), opener, [el("p", {}, words.say("withdraw_more"))], words.say("withdraw"), async () => {
      const { position } = await writing.calls.write("DELETE", path);
      await writing.read(position);
      await writing.own();
      const undo = el("button.act", { type: "button", onclick: () => writing.mine?.restore(id) }, words.say("undo"));
      writing.place.querySelector(".withdrawn-line")?.remove();
      writing.place.append(el("p.withdrawn-line", { role: "status" }, words.say("withdrawn"), " ", undo));
      undo.focus();
    });
  }
}
