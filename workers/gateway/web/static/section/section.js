// <hansard-comments>: the reader's section. It takes the gateway's HTML over, or makes the same from JSON.

import { attr, el, whenNear } from "../shared/dom.js";
import { words as wordsOf } from "../shared/words.js";
import { Api } from "./api.js";
import { Discussion } from "./discussion.js";
import { frame } from "./head.js";
import { named } from "./permalink.js";

const BASE = new URL("../../../", import.meta.url);
/** What is asked for where the publisher asks for nothing else: few rows first. */
const FEW = "limit=20&replies=3&depth=4";
const STYLES = ["tokens", "section"];

/** @type {Promise<CSSStyleSheet[]> | undefined} */
let sheets;

/** The style sheets, for where no fragment links them. */
function styles() {
  sheets ??= Promise.all(
    STYLES.map(async (name) => {
      const answer = await fetch(new URL(`../css/${name}.css`, import.meta.url));
      if (!answer.ok) throw new Error(`no styles: ${answer.status}`);
      return new CSSStyleSheet().replace(await answer.text());
    }),
  );
  sheets.catch(() => (sheets = undefined));
  return sheets;
}

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
    if (old === value || !this.#running) return;
    this.#stop();
    this.shadowRoot?.querySelector("section.in")?.remove();
    this.#plan();
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
    const running = (this.#running = new AbortController());
    const { signal } = running;
    const root = this.#root();
    const api = new Api(BASE, String(this.getAttribute("site")), String(this.getAttribute("thread")), signal);
    const section = root.querySelector("section.in[data-position]");
    const language = this.getAttribute("lang") ?? this.closest("[lang]")?.getAttribute("lang") ?? null;
    const words = await wordsOf(section?.lang ?? null, language).catch(() => null);
    if (signal.aborted) return;
    if (!words) {
      attr(this, "data-failed", !section);
      return;
    }
    if (section) {
      new Discussion({ element: this, section, api, words, signal });
      return;
    }
    const place = el("div");
    const show = async () => {
      place.replaceChildren(el("p.say.wide", {}, words.say("loading")));
      try {
        const made = await this.#load(api, words);
        if (signal.aborted) return;
        place.replaceWith(made.section);
        new Discussion({ element: this, api, words, signal, ...made });
      } catch {
        if (signal.aborted) return;
        place.replaceChildren(this.#failed(words, show));
      }
    };
    try {
      root.adoptedStyleSheets = await styles();
    } catch {
      if (!signal.aborted) root.append(this.#failed(words, () => this.#restart()));
      return;
    }
    if (signal.aborted) return;
    root.append(place);
    signal.addEventListener("abort", () => place.remove());
    const start = this.getAttribute("start");
    if (start === "asked") await this.#ask(place, api, words, show);
    else if (start === "now" || named(location.href, this.getAttribute("old")).length) show();
    else {
      place.append(el("p.say.wide", {}, words.say("loading")));
      whenNear(this, signal, show);
    }
  }

  #restart() {
    this.#stop();
    this.shadowRoot?.replaceChildren();
    this.#plan();
  }

  /** The shadow root: made by the parser from a template, or by us; a template that no parser saw is taken over, too. */
  #root() {
    if (this.shadowRoot) return this.shadowRoot;
    const root = this.attachShadow({ mode: "open" });
    const template = this.querySelector(":scope > template[shadowrootmode]");
    if (template instanceof HTMLTemplateElement) root.append(template.content);
    return root;
  }

  /** Address of the reading page. */
  get #read() {
    return `${BASE.href}read/${this.getAttribute("site")}/${this.getAttribute("thread")}`;
  }

  /** @param {Api} api @param {import("../shared/words.js").Words} words */
  async #load(api, words) {
    const order = this.getAttribute("sort") ?? "top";
    const query = `sort=${order}&${FEW}`;
    const [page, policy] = await Promise.all([api.page(query), api.policy().catch(() => ({}))]);
    const level = Math.min(6, Math.max(1, Number(this.getAttribute("level")) || 2));
    const history = policy.history === "public";
    const read = policy.read_pages === "off" ? "" : this.#read;
    return { section: frame(page, words, { level, query, history, read }), page };
  }

  /** @param {HTMLElement} place @param {Api} api @param {import("../shared/words.js").Words} words @param {() => void} show */
  async #ask(place, api, words, show) {
    const n = await api.count().catch(() => 0);
    const text = n ? words.say("read_comments", { n }) : words.say("read_discussion");
    place.append(el("button.do.plain", { onclick: show }, text));
  }

  /** @param {import("../shared/words.js").Words} words @param {() => void} again */
  #failed(words, again) {
    return el(
      "div.notice",
      { role: "alert" },
      el("p", {}, el("b", {}, words.say("failed"))),
      el("p", {}, words.say("failed_more")),
      el("div.acts", {}, el("button.do", { onclick: again }, words.say("try_again")), el("a.act", { href: this.#read }, words.say("read_page"))),
    );
  }
}

customElements.get("hansard-comments") ?? customElements.define("hansard-comments", HansardComments);
