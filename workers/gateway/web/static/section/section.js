// <hansard-comments>: the reader's section. It takes the gateway's HTML over; a part makes the same where there is none.

import { attr, el } from "../shared/dom.js";
import { part } from "../shared/part.js";
import { words as wordsOf } from "../shared/words.js";
import { Api } from "./api.js";
import { Discussion, namesComment } from "./discussion.js";

const BASE = new URL("../../../", import.meta.url);

class HansardComments extends HTMLElement {
  static observedAttributes = ["site", "thread", "lang"];

  /** Ends everything that the section that is shown has begun. @type {AbortController | null} */
  #running = null;
  #planned = false;

  connectedCallback() {
    this.#plan();
  }

  disconnectedCallback() {
    this.#plan();
  }

  /** @param {string} _ @param {string | null} old @param {string | null} value */
  attributeChangedCallback(_, old, value) {
    if (old === value) return;
    if (this.#running) {
      this.#stop();
      this.shadowRoot?.querySelector("section.in")?.remove();
    }
    this.#plan();
  }

  /** Drop the token, and what only its bearer may see. */
  signOut() {
    this.discussion?.writing?.signedOut();
  }

  /** Begin or stop after what happens now: an element that is moved goes on as it is. */
  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (!this.isConnected) this.#stop();
      else if (!this.#running && this.getAttribute("site") && this.getAttribute("thread")) this.#begin();
    });
  }

  #stop() {
    this.#running?.abort();
    this.#running = null;
  }

  async #begin() {
    const { signal } = (this.#running = new AbortController());
    const root = this.#root();
    const site = String(this.getAttribute("site"));
    const thread = String(this.getAttribute("thread"));
    const api = new Api(BASE, site, thread, signal);
    const section = root.querySelector("section.in[data-position]");
    const language = this.getAttribute("lang") ?? this.closest("[lang]")?.getAttribute("lang") ?? null;
    const [words, made] = await Promise.all([
      wordsOf(section?.lang ?? null, language).catch(() => null),
      section ? null : part("section/made.js").catch(() => null),
    ]);
    if (signal.aborted) return;
    /** @param {HTMLElement} section */
    const open = (section) => (this.discussion = new Discussion({ element: this, section, api, words, signal }));
    if (!words) attr(this, "data-failed", !section);
    else if (section) open(section).follow();
    else {
      /** @param {() => void} again */
      const failed = (again) => notice(words, `${BASE.href}read/${site}/${thread}`, again);
      const restart = () => {
        this.#stop();
        root.replaceChildren();
        this.#plan();
      };
      const named = namesComment();
      if (made) made.make({ element: this, root, api, base: BASE, words, signal, named, open, failed, restart });
      else root.append(failed(restart));
    }
  }

  /** The shadow root: made by the parser from a template, or by us; a template that no parser saw is taken over, too. */
  #root() {
    if (this.shadowRoot) return this.shadowRoot;
    const root = this.attachShadow({ mode: "open" });
    const template = this.querySelector(":scope > template[shadowrootmode]");
    if (template instanceof HTMLTemplateElement) root.append(template.content);
    return root;
  }
}

/**
 * A notice in place of a discussion that cannot be loaded.
 * @param {import("../shared/words.js").Words} words @param {string} read The reading page. @param {() => void} again
 */
function notice(words, read, again) {
  return el(
    "div.notice",
    { role: "alert" },
    el("p", {}, el("b", {}, words.say("failed"))),
    el("p", {}, words.say("failed_more")),
    el("div.acts", {}, el("button.do", { onclick: again }, words.say("try_again")), el("a.act", { href: read }, words.say("read_page"))),
  );
}

customElements.get("hansard-comments") ?? customElements.define("hansard-comments", HansardComments);
