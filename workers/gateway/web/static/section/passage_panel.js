// The comments about one passage: beside it where there is room, otherwise a sheet at the foot of the window.

import { attr, el, on } from "../shared/dom.js";
import { posted } from "./posting.js";
import { item } from "./row.js";

/** @typedef {import("./passages.js").Anchor} Anchor */

export class Panel {
  /** @param {import("./passages.js").Passages} passages */
  constructor(passages) {
    this.passages = passages;
    const { discussion } = passages;
    this.discussion = discussion;
    this.words = discussion.words;
    this.element = el("section.passage-panel", { hidden: true, tabindex: "-1" });
    discussion.section.append(this.element);
    /** The passage that is shown. @type {string | null} */
    this.opened = null;
    const { signal } = discussion;
    on(this.element, "keydown", (event) => event.key === "Escape" && this.close(), { signal });
    on(signal, "abort", () => this.element.remove());
  }

  /** Show the comments about a passage, or close them. @param {Anchor} anchor */
  async toggle(anchor) {
    const { element, words, discussion, passages } = this;
    const { api, rows } = discussion;
    const again = this.opened === anchor.id;
    this.close();
    if (again) return;
    this.opened = anchor.id;
    this.opener = passages.buttonOf(anchor);
    attr(this.opener, "aria-expanded", "true");
    const list = el("ol.rows", { "aria-busy": "true" });
    const title = words.say("about_passage");
    const act = (/** @type {string} */ name, /** @type {() => void} */ onclick) => el("button.act", { type: "button", onclick }, words.say(name));
    const only = () => {
      this.close();
      passages.filter(anchor);
    };
    this.answering = act("answer", () => this.answer(anchor));
    this.answering.hidden = true;
    attr(element, "aria-label", `${title} ${words.say("quoted", { text: anchor.quote.exact })}`);
    element.replaceChildren(
      el("p.asks", {}, title),
      el("p.prompt", { dir: "auto" }, anchor.prompt ?? words.say("quoted", { text: anchor.quote.exact })),
      list,
      el("p.acts", {}, this.answering, act("show_in_list", only), act("close", () => this.close())),
    );
    element.hidden = false;
    this.place();
    element.focus({ preventScroll: true });
    try {
      const page = await api.page(`anchor=${encodeURIComponent(anchor.id)}&sort=oldest&limit=20&replies=3&depth=2`);
      if (this.opened !== anchor.id || discussion.signal.aborted) return;
      const shown = page.comments.flatMap((/** @type {any} */ row) => [row, ...row.replies.comments]);
      list.replaceChildren(...shown.map((/** @type {any} */ row) => this.row(row, rows.given)));
      attr(list, "aria-busy", null);
      this.answering.hidden = anchor.status !== "open" || !discussion.writing;
    } catch {
      list.replaceChildren(el("li", {}, discussion.again(() => this.toggle(anchor))));
    }
    this.place();
  }

  /** A comment without what one can do with it. @param {any} row @param {import("./rows.js").Given} given */
  row(row, given) {
    const li = item(row, given);
    const article = this.discussion.rows.article(li);
    for (const one of [article, ...article.querySelectorAll("[id]")]) one.removeAttribute("id");
    attr(article, "aria-labelledby", null);
    article.querySelectorAll(":scope > .acts, :scope > .about").forEach((/** @type {Element} */ one) => one.remove());
    delete li.dataset.key;
    this.discussion.rows.localise(li);
    return li;
  }

  /** Put the panel beside its passage. */
  place() {
    const { element, opener, passages } = this;
    const wide = matchMedia("(min-width: 60rem)").matches;
    element.classList.toggle("sheet", !wide);
    if (!wide || !opener) return element.removeAttribute("style");
    const origin = passages.layer.getBoundingClientRect();
    const text = passages.article.getBoundingClientRect();
    const left = Math.min(text.right + 24, document.documentElement.clientWidth - element.offsetWidth - 8);
    element.style.insetBlockStart = `${opener.getBoundingClientRect().top - origin.top}px`;
    element.style.left = `${left - origin.left}px`;
  }

  close() {
    const { opener, element } = this;
    if (!this.opened) return;
    this.opened = null;
    element.hidden = true;
    attr(opener, "aria-expanded", "false");
    opener?.focus({ preventScroll: true });
  }

  /** Open a field for a comment about the passage. @param {Anchor} anchor */
  answer(anchor) {
    const { discussion, element } = this;
    const { writing } = discussion;
    if (!writing || element.querySelector(".write")) return;
    const composer = writing.composer({
      name: `anchor:${anchor.id}`,
      label: writing.words.say("answer_passage"),
      send: (body, key) => writing.calls.write("POST", `${writing.path}/comments`, { body, anchor: anchor.id }, key),
      sent: (answer) => {
        this.close();
        posted(writing, answer);
      },
      left: () => this.answering?.focus(),
    });
    composer.hint.replaceChildren(...writing.hint(writing.policy.comment));
    writing.guests(composer, writing.policy.comment);
    element.append(composer.element);
    composer.fit();
    composer.focus();
  }
}
