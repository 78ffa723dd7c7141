// The tree of rows on screen, by comment. The DOM is the state: a row is a list item, its replies are the list below it.

import { attr, child, el, on, say } from "../shared/dom.js";
import { times } from "../shared/time.js";

/**
 * Everything besides the row that its nodes depend on: `link` is the article's address up to the id of a comment;
 * `history` whether versions may be seen; `tally` words a number of votes where one can vote.
 * @typedef {{ words: import("../shared/words.js").Words, link: string, history: boolean,
 *   tally?: (kind: "for" | "against", n: number) => string }} Given
 * @typedef {HTMLElement} Item A list item.
 */

export class Rows {
  /**
   * @param {HTMLElement} list @param {Given} given @param {string} position
   * @param {{ has: (id: string) => boolean, set: (id: string, folded: boolean) => void }} folds Branches that are hidden.
   * @param {AbortSignal} signal
   */
  constructor(list, given, position, folds, signal) {
    this.list = list;
    this.given = given;
    this.folds = folds;
    this.format = times(given.words.locale);
    /** Position of the page, and of single rows that are newer. */
    this.position = position;
    /** @type {Map<string, Item>} */
    this.items = new Map();
    /** Called with each item that is made or changed from then on. @type {((li: Item) => void)[]} */
    this.watchers = [];
    for (const one of list.querySelectorAll("li[data-key], noscript")) {
      if (one.localName === "li") this.know(one);
      else one.remove();
    }
    this.localiseNear(signal);
  }

  /** @param {Item} li @param {number} [n] Of its replies. */
  know(li, n) {
    const id = String(li.getAttribute("data-key")); // reading `dataset` makes an object for each
    this.items.set(id, li);
    if (this.folds.has(id)) this.fold(li, true, n);
  }

  /** Know an item that was made. @param {Item} li @param {any} row @param {string | null} above When the one above was posted. @param {number} [n] Of its replies. */
  take(li, row, above, n) {
    this.items.set(row.id, li);
    if (this.folds.has(row.id)) this.fold(li, true, n);
    if (row.edited) this.localise(li);
    else this.hour(this.article(li).firstChild.firstChild, row.posted_at, above);
    for (const watch of this.watchers) watch(li);
  }

  /** Write the times of what the gateway has written: of a branch when it comes near, of all when they are printed. */
  localiseNear(/** @type {AbortSignal} */ signal) {
    const near = new IntersectionObserver((seen) => {
      const now = new Date();
      for (const { target, isIntersecting } of seen) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        this.localise(target, now);
        for (const li of target.querySelectorAll("li[data-key]")) this.localise(li, now);
      }
    }, { rootMargin: "600px" });
    for (const branch of this.list.children) near.observe(branch);
    on(signal, "abort", () => near.disconnect());
    on(window, "beforeprint", () => this.items.forEach((li) => this.localise(li)), { signal });
  }

  /** The item that an item hangs under. @param {Item} li @returns {Item | null} */
  above(li) {
    return li.parentElement?.closest("li") ?? null;
  }

  /** @param {Item} li */
  article(li) {
    return li.firstElementChild;
  }

  /** When an item was posted. @param {Element} li @returns {string} */
  postedAt(li) {
    return li.querySelector("time").dateTime;
  }

  /** Write the times of an item in the reader's zone: an hour, and the day where it is not that of the item above. */
  localise(/** @type {Item} */ li, now = new Date()) {
    const { words } = this.given;
    const { format } = this;
    for (const time of this.article(li).querySelectorAll("time")) {
      const posted = time.dateTime;
      const at = new Date(posted);
      if (Number.isNaN(at.valueOf())) continue;
      if (time.parentElement.className !== "when") {
        say(time, words.say("day_clock", { day: format.dated(at, now, true), clock: format.clock(at) }));
        continue;
      }
      if (!time.firstElementChild) time.replaceChildren(el("b"), el("span.sr"));
      const above = this.above(li);
      this.hour(time, posted, above && this.postedAt(above), now);
    }
  }

  /** @param {Element} time @param {string} posted @param {string | null} above When the one above was posted. */
  hour(time, posted, above, now = new Date()) {
    const { format } = this;
    const at = new Date(posted);
    const day = above && format.key(new Date(above)) === format.key(at) ? "" : format.dated(at, now);
    const exact = time.lastElementChild;
    const hour = exact.previousElementSibling;
    const small = hour.previousElementSibling;
    if (!day) small?.remove();
    else if (small) say(small, day);
    else hour.before(el("small", {}, day));
    say(hour, format.clock(at));
    say(exact, `, ${format.exact(at)}`);
  }

  /**
   * Word the number of replies below an item, and below those above it.
   * @param {Item | null} li @param {boolean} [upwards] @param {number} [known] Their number, where they are not there yet.
   */
  recount(li, upwards = true, known) {
    if (!li) return;
    const { words } = this.given;
    const acts = child(this.article(li), "acts");
    const under = child(li, "under");
    let fold = child(acts, "fold");
    const n = known ?? (under ? under.querySelectorAll("li[data-key]:not(.leaving)").length : 0);
    if (!n) {
      fold?.remove();
      if (!under?.querySelector(".leaving, .more")) under?.remove();
      else attr(under, "hidden", null);
    } else {
      if (!fold) acts.append((fold = el("button.fold", { "aria-expanded": "true" })));
      say(fold, words.say(fold.getAttribute("aria-expanded") === "true" ? "hide_replies" : "show_replies", { n }));
    }
    if (upwards) this.recount(this.above(li));
  }

  /** Hide or show the replies of an item. @param {Item} li @param {boolean} folded @param {number} [n] Of its replies. */
  fold(li, folded, n) {
    const under = child(li, "under");
    const button = child(child(this.article(li), "acts"), "fold");
    if (!under || !button) return;
    if (folded && under.matches(":focus-within")) button.focus();
    attr(under, "hidden", folded && "until-found");
    attr(button, "aria-expanded", String(!folded));
    this.recount(li, false, n);
  }

  /** Show an item: whatever is folded above it is opened. @param {Item} li */
  reveal(li) {
    for (let up = this.above(li); up; up = this.above(up)) this.fold(up, false);
    const long = li.querySelector(":scope > .row > .text > .long");
    if (long) attr(long, "open", true);
  }
}
