// The head of the section and its frame: made from JSON, or taken over from the gateway's HTML.

import { attr, el, say } from "../shared/dom.js";
import { times } from "../shared/time.js";

const ORDERS = ["top", "newest", "oldest"];

/**
 * The frame of a section, without rows (as `write_section` of html/fragment.py has it).
 * @param {Record<string, any>} page @param {import("../shared/words.js").Words} words
 * @param {{ level: number, query: string, history: boolean, read: string }} given `read`: the reading page, if any.
 */
export function frame(page, words, { level, query, history, read }) {
  const { thread } = page;
  const facts = { "data-position": thread.position, "data-url": thread.url, "data-query": query, "data-status": thread.status };
  const printing = read ? [" ", el("a", { href: `${read}?all` }, words.say("printing"))] : [];
  const section = el(
    "section.in",
    { part: "section", lang: words.language, dir: words.all.direction, "aria-labelledby": "h", ...facts },
    el("button.skip", {}, words.say("skip")),
    el(
      "header.head",
      { part: "head" },
      el("div.line", {}, el(`h${level}.title`, { id: "h", tabindex: "-1" }, `${words.say("discussion")} `, el("span")), el("fieldset.sorts")),
      el("p.state", {}, el("span.stream")),
    ),
    el("div.told"),
    el("ol.rows"),
    el("p.end", {}, el("button.back", {}, words.say("back")), ...printing),
    el("p.sr", { role: "status" }),
  );
  attr(section, "data-history", history ? "public" : "");
  return section;
}

export class Head {
  /**
   * @param {HTMLElement} section @param {import("../shared/words.js").Words} words
   * @param {{ pause: () => void, now: () => void }} pressed
   */
  constructor(section, words, pressed) {
    this.section = section;
    this.words = words;
    this.pressed = pressed;
    this.ticks = 0;
  }

  /** @template {HTMLElement} T @param {string} name @returns {T} */
  part(name) {
    return this.section.querySelector(`:scope > ${name}, :scope > .head ${name}`);
  }

  /** Show number and state of the thread. @param {Record<string, any>} thread A thread, or what a frame tells of it. */
  thread(thread) {
    const { words } = this;
    say(this.part(".title > span"), words.number(thread.comments));
    if (thread.status) attr(this.section, "data-status", thread.status);
    let key = "";
    const { status } = this.section.dataset;
    const date = thread.status_at && times(words.locale).longDate(new Date(thread.status_at));
    if (status === "archived") key = "archived";
    else if (status === "closed") key = date ? "closed_on" : "closed";
    else if (!thread.comments) key = "empty";
    let line = this.part(".say:not(.missing, .line-of)");
    if (!key) line?.remove();
    else if (!line || thread.status || key === "empty") {
      if (!line) this.part(".told").after((line = el("p.say")));
      say(line, words.say(key, { date }));
    }
  }

  /** Make the radio buttons. @param {string} order @param {number} picks */
  orders(order, picks) {
    const { words } = this;
    const labels = [...ORDERS.map((name) => [name, words.say(name)]), picks ? ["picks", words.say("picks", { n: picks })] : []];
    this.part(".sorts").replaceChildren(
      el("legend.sr", {}, words.say("order")),
      ...labels
        .filter(([name]) => name)
        .map(([name, text]) => el("label", {}, el("input", { type: "radio", name: "order", value: name, checked: name === order }), text)),
    );
  }

  /** The order that is chosen. @returns {string} */
  get order() {
    return this.section.querySelector(".sorts input:checked")?.value ?? "newest";
  }

  /** @param {string} order */
  choose(order) {
    for (const radio of this.section.querySelectorAll(".sorts input")) {
      radio.checked = radio.value === order;
    }
  }

  /** Say how the stream is. @param {import("../shared/live.js").Live} live @param {number} n Comments that wait. */
  stream(live, n) {
    const { words } = this;
    const place = this.part(".stream");
    const { label } = live;
    clearTimeout(this.ticks);
    if (label === "over") place.replaceChildren();
    else if (label === "lost") {
      const left = Math.max(1, Math.ceil((live.due - Date.now()) / 1000));
      if (!place.querySelector(".now")) {
        place.replaceChildren(el("span"), " ", el("button.act.now", { onclick: this.pressed.now }, words.say("try_now")));
      }
      say(place.firstChild, words.say("not_live", { n: left }));
      this.ticks = setTimeout(() => this.stream(live, n), 1000);
    } else {
      let button = place.querySelector(".live");
      if (!button) place.replaceChildren((button = el("button.act.live", { onclick: this.pressed.pause })));
      const paused = label === "paused";
      button.classList.toggle("off", paused);
      say(button, words.say(!paused ? "live" : n ? "paused_new" : "paused", { n }));
    }
  }

  /** The line that waits to be asked. @param {number} n @param {() => void} pressed */
  news(n, pressed) {
    const place = this.part(".told");
    if (!n) {
      if (place.contains(this.active)) this.part(".title").focus();
      place.replaceChildren();
    } else {
      if (!place.firstChild) place.append(el("button.news", { onclick: pressed }));
      say(place.firstChild, this.words.say("new_comments", { n }));
    }
  }

  /** The element of this shadow tree that has the focus. */
  get active() {
    return this.section.getRootNode().activeElement;
  }

  /** Tell screen readers. @param {string} text */
  tell(text) {
    say(this.part("[role=status]"), text);
  }
}
