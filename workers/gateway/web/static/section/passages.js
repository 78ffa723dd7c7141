// Comments about passages of the article. Nothing is put into the article: a passage is painted as a highlight, and its
// button lies in a layer of the section. A passage that is not found, or found twice, is in the list alone.

import { el, on } from "../shared/dom.js";
import { part } from "../shared/part.js";
import { adopt } from "../shared/sheets.js";
import { Reading } from "./find_text.js";

const PAINT = "hansard-passage";
const SETTLED_MS = 300;
/** The longest text that is proposed for a passage that was not found, in code units. */
const LONGEST = 1000;

/** @typedef {{id: string, quote: import("./find_text.js").Quote, prompt: string | null, status: string, comments: number}} Anchor */

/** @type {CSSStyleSheet | undefined} */
let paint;

/** Paint highlights on the page around. */
function painted() {
  if (paint) return;
  paint = new CSSStyleSheet();
  paint.replaceSync(`::highlight(${PAINT}) { background-color: light-dark(#ecf3ee, #1a2721); text-decoration: underline 2px light-dark(#1d5a46, #8accb1); }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, paint];
}

export class Passages {
  /** @param {import("./discussion.js").Discussion} discussion @param {Element} article */
  constructor(discussion, article) {
    this.discussion = discussion;
    this.words = discussion.words;
    this.article = article;
    this.layer = el("div.passages");
    discussion.section.append(this.layer);
    /** @type {import("./passage_panel.js").Panel | undefined} */
    this.panel = undefined;
    /** @type {Anchor[]} */
    this.anchors = [];
    /** The range of each passage; null where it is not found. @type {Map<string, Range | null>} */
    this.ranges = new Map();
    this.timer = 0;
    const { signal } = discussion;
    const later = () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find(), SETTLED_MS);
    };
    const changes = new MutationObserver(later);
    const size = new ResizeObserver(() => this.place());
    on(signal, "abort", () => {
      clearTimeout(this.timer);
      changes.disconnect();
      size.disconnect();
      this.#paint([]);
      this.layer.remove();
    });
    discussion.rows.watchers.push((li) => li.querySelector(":scope > .row > .about") && later());
    changes.observe(article, { childList: true, subtree: true, characterData: true });
    size.observe(article);
    size.observe(document.documentElement);
  }

  async begin() {
    const { api, signal } = this.discussion;
    this.anchors = (await api.get(api.address("/anchors"))).anchors;
    signal.throwIfAborted();
    if (this.anchors.length) await adopt(this.discussion.section.getRootNode(), "passages");
    signal.throwIfAborted();
    this.find();
  }

  /** Look for the passages in the article as it is now. */
  find() {
    const reading = new Reading(this.article);
    this.reading = reading;
    this.ranges = new Map(this.anchors.map((anchor) => [anchor.id, reading.find(anchor.quote)]));
    this.#paint([...this.ranges.values()].filter((one) => one !== null));
    this.layer.replaceChildren(...this.anchors.filter(({ id }) => this.ranges.get(id)).map((anchor) => this.#button(anchor)));
    this.place();
    this.name();
  }

  /** Say in the list which passage a comment is about, with a link where it is found. */
  name() {
    const { rows } = this.discussion;
    const about = rows.list.querySelectorAll(".about[data-anchor]");
    for (const line of about) {
      const anchor = this.anchors.find(({ id }) => id === /** @type {HTMLElement} */ (line).dataset.anchor);
      if (!anchor) continue;
      const text = this.words.say("quoted", { text: anchor.quote.exact });
      const found = this.ranges.get(anchor.id);
      const link = found ? el("button.passage", { type: "button", onclick: () => this.show(anchor) }, text) : el("q", {}, anchor.quote.exact);
      if (line.lastElementChild?.textContent !== link.textContent || line.lastElementChild?.localName !== link.localName) {
        line.replaceChildren(this.words.say("about_passage"), " ", link);
      }
    }
  }

  /** @param {Range[]} ranges */
  #paint(ranges) {
    if (!globalThis.CSS?.highlights) return;
    if (ranges.length) painted();
    const all = CSS.highlights.get(PAINT) ?? new Highlight();
    for (const range of this.mine ?? []) all.delete(range);
    for (const range of ranges) all.add(range);
    this.mine = ranges;
    CSS.highlights.set(PAINT, all);
  }

  /** @param {Anchor} anchor */
  #button(anchor) {
    const name = this.words.say("on_passage", { n: anchor.comments, text: anchor.quote.exact });
    const button = el("button.dot", { type: "button", "aria-label": name, "aria-expanded": "false", "data-anchor": anchor.id, onclick: () => this.open(anchor) }, String(anchor.comments || "?"));
    return button;
  }

  /** Put each button where its passage ends. */
  place() {
    const origin = this.layer.getBoundingClientRect();
    for (const button of /** @type {HTMLElement[]} */ ([...this.layer.children])) {
      const range = this.ranges.get(String(button.dataset.anchor));
      const rects = range ? [...range.getClientRects()] : [];
      const last = rects.at(-1);
      button.hidden = !last;
      if (!last) continue;
      button.style.insetBlockStart = `${last.top - origin.top}px`;
      button.style.left = `${Math.min(last.right, document.documentElement.clientWidth - 32) - origin.left}px`;
    }
  }

  /** Go to the passage in the article. @param {Anchor} anchor */
  show(anchor) {
    const rect = this.ranges.get(anchor.id)?.getBoundingClientRect();
    if (rect) window.scrollTo({ top: scrollY + rect.top - innerHeight / 3 });
    this.buttonOf(anchor)?.focus({ preventScroll: true });
  }

  /** Show the comments about a passage. @param {Anchor} anchor */
  async open(anchor) {
    try {
      const { Panel } = await part("section/passage_panel.js");
      if (this.discussion.signal.aborted) return;
      this.panel ??= new Panel(this);
      await this.panel.toggle(anchor);
    } catch {
      this.discussion.warn(() => this.open(anchor));
    }
  }

  /** The button of a passage. @param {Anchor} anchor @returns {HTMLElement} */
  buttonOf({ id }) {
    return /** @type {HTMLElement} */ (this.layer.querySelector(`[data-anchor="${CSS.escape(id)}"]`));
  }

  /** Show in the list only what is about a passage. @param {Anchor} anchor */
  async filter(anchor) {
    await this.discussion.about(anchor.id);
    this.discussion.focusOn(".title");
  }

  /** Tell the server, for a moderator, which passages were found, and what stands where one was. @param {import("./writing.js").Writing} writing */
  async report(writing) {
    if (!writing.me?.caller?.roles?.includes("moderator")) return;
    for (const anchor of this.anchors) {
      const found = Boolean(this.ranges.get(anchor.id));
      const exact = found ? null : (this.reading?.between(anchor.quote, LONGEST) ?? null);
      const { prefix, suffix } = anchor.quote;
      const proposal = exact ? { exact, ...(prefix && { prefix }), ...(suffix && { suffix }) } : undefined;
      await writing.calls.write("PUT", `${writing.path}/anchors/${encodeURIComponent(anchor.id)}/sighting`, { found, ...(proposal && { proposal }) });
    }
  }
}

