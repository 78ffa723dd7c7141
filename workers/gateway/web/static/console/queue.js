// The list of what waits: read, kept up to date, walked, and selected from. Nothing is put in above what is in hand.

import { activeIn, el, inView, say } from "../shared/dom.js";
import { keyed } from "../shared/keyed.js";
import { Slip, keyOf, standing } from "./item.js";

const PAGE = 50;
/** The most that one decision of several may name. */
export const MOST = 100;

/** @typedef {import("./item.js").Item} Item */
/** @typedef {{name: string, path: string, query: Record<string, any>, items: (answer: any) => Promise<Item[]> | Item[]}} View */

export class Queue {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    this.words = moderation.words;
    /** In the order in which they stand. @type {Slip[]} */
    this.slips = [];
    /** @type {View | null} */
    this.view = null;
    /** @type {string | null} */
    this.next = null;
    /** The item in hand. @type {Slip | null} */
    this.hand = null;
    /** The slip at which a range of the selection begins. @type {Slip | null} */
    this.from = null;
    /** The reads so far: they follow one another, so that none overtakes a later one. @type {Promise<void>} */
    this.turn = Promise.resolve();
    /** The refresh that waits for its turn. @type {Promise<void> | null} */
    this.again = null;
    /** Items that were decided, as they were: the views may have them for a moment. @type {Map<string, string>} */
    this.gone = new Map();
    /** Keys of items whose decision was undone: the views may not have them yet. @type {Set<string>} */
    this.back = new Set();
    /** The item that was in hand when the decisions were undone. @type {Slip | null} */
    this.before = null;
    this.list = el("div.slips");
    this.empty = el("p.nothing", { hidden: true });
    this.more = el("button.more", { type: "button", hidden: true, onclick: () => this.moderation.tried(this.load()) }, this.words.say("more"));
    this.element = el("div.listed", {}, this.list, this.empty, this.more);
    this.list.addEventListener("click", (event) => this.#press(/** @type {MouseEvent} */ (event)));
  }

  get selected() {
    return this.slips.filter(({ box }) => box.checked);
  }

  /** True if the list shown is the moderation queue. */
  get waiting() {
    return this.view?.path === "/moderation/queue";
  }

  /** Those that can be decided on. */
  get open() {
    return this.slips.filter(({ clash }) => !clash);
  }

  /** Show another list from its beginning. Without one nothing is in hand, so that no key acts on what is not seen.
   * @param {View | null} view */
  async show(view) {
    this.view = view;
    this.slips = [];
    this.next = null;
    this.turn = Promise.resolve();
    this.again = null;
    this.gone.clear();
    this.back.clear();
    this.take(null);
    this.#draw();
    await this.load();
    if (view && view === this.view && !this.hand) this.take(this.#left(null), document.activeElement === document.body, true);
  }

  /** Read, after all that is read already. @param {(view: View) => Promise<void>} read @returns {Promise<void>} */
  #read(read) {
    const { view } = this;
    const done = this.turn.then(async () => {
      if (view && view === this.view) await read(view);
    });
    this.turn = done.catch(() => {});
    return done;
  }

  /** Read the next part, once. */
  load() {
    const cursor = this.next;
    return this.#read(async (view) => {
      if (cursor !== this.next) return;
      const answer = await this.moderation.calls.get(view.path, { ...view.query, limit: PAGE, cursor });
      const items = await view.items(answer);
      if (view !== this.view) return;
      this.next = answer.next;
      const there = new Set(this.slips.map(({ key }) => key));
      this.slips.push(...items.filter((item) => !there.has(keyOf(item)) && !this.#decided(item)).map((item) => new Slip(this.moderation, item)));
      this.#draw();
    });
  }

  /** Read again what is shown. What came is put in below; what is gone says why where it is seen, until one goes on. */
  refresh() {
    return (this.again ??= this.#read(async (view) => {
      this.again = null;
      /** @type {Item[]} */
      const items = [];
      let cursor = null;
      do {
        const answer = await this.moderation.calls.get(view.path, { ...view.query, limit: PAGE, cursor });
        items.push(...(await view.items(answer)));
        cursor = answer.next;
      } while (cursor && items.length < this.slips.length);
      if (view !== this.view) return;
      this.next = cursor;
      this.#refreshed(new Map(items.map((item) => [keyOf(item), item])));
    }));
  }

  /** @param {Map<string, Item>} now The items by their keys. */
  #refreshed(now) {
    const { back, before } = this;
    for (const key of this.gone.keys()) if (!now.has(key)) this.gone.delete(key);
    for (const [key, item] of now) if (this.#decided(item)) now.delete(key);
    const missing = this.open.filter((slip) => !now.has(slip.key) && !slip.busy && !back.has(slip.key));
    const seen = missing.filter((slip) => slip === this.hand || slip.box.checked || inView(slip.element));
    this.slips = this.slips.filter((slip) => !missing.includes(slip) || seen.includes(slip));
    for (const slip of seen) this.moderation.tried(this.moderation.act((acts) => acts.explain(slip)));
    for (const slip of this.slips) {
      const item = now.get(slip.key);
      if (!item) continue;
      now.delete(slip.key);
      slip.clash = "";
      slip.update(item);
    }
    for (const [key, item] of now) {
      const slip = new Slip(this.moderation, item);
      const place = back.has(key) ? this.slips.findIndex((other) => other.item.since > item.since) : -1;
      this.slips.splice(place < 0 ? this.slips.length : place, 0, slip);
    }
    this.#draw();
    const restored = this.slips.filter(({ key }) => back.delete(key));
    if (restored.length && this.hand === before) this.take(restored[0], true);
    else if (this.hand) this.moderation.form.at(this.hand);
    else this.take(this.#left(null), this.#idle, true);
  }

  /** Decisions on these were undone: put them in where they belong, and take the first in hand. @param {Set<string>} keys */
  restore(keys) {
    for (const key of keys) this.gone.delete(key);
    this.back = keys;
    this.before = this.hand;
    return this.refresh();
  }

  /** An item leaves the queue as it is now. @param {Slip} slip */
  leaves(slip) {
    this.gone.set(slip.key, standing(slip.item));
  }

  /** True if an item was decided as it is. @param {Item} item */
  #decided(item) {
    return this.gone.get(keyOf(item)) === standing(item);
  }

  /** True if nothing in particular has the focus. */
  get #idle() {
    const active = activeIn(this.moderation.body);
    return !active || active === this.moderation.title;
  }

  /** Take an item in hand, or none. @param {Slip | null} slip @param {boolean} [focused]
   * @param {boolean} [passing] The console comes to it by itself, and passes over it if another moderator had it first. */
  take(slip, focused = false, passing = false) {
    const before = this.hand;
    this.hand = slip;
    if (before !== slip) before?.stand(false);
    slip?.stand(true);
    this.moderation.inHand(slip, passing);
    if (slip && focused) slip.element.focus({ preventScroll: true });
    if (before?.clash && before !== slip) {
      this.slips = this.slips.filter((other) => other !== before);
      this.#draw();
    }
    slip?.element.scrollIntoView({ block: "nearest" });
  }

  /** Others were told what is in hand. Where the console came to it by itself, it goes on if another moderator had it first, or
   * decided on it. @param {Slip} slip @param {any} told null where there was no answer. @param {boolean} passing */
  async told(slip, told, passing) {
    const untouched = passing && !this.moderation.form.draft.open && !slip.busy;
    if (told && this.waiting && !told.waits && !slip.clash) {
      if (untouched) await this.remove([slip]);
      else if (!slip.busy) await this.moderation.act((acts) => acts.explain(slip));
      return;
    }
    if (told) slip.update({ ...slip.item, in_hand: told.in_hand });
    const next = untouched && slip.taken ? this.#free(slip) : null;
    if (next) this.take(next, this.#idle || slip.element.contains(activeIn(this.moderation.body)), true);
    else slip.element.dataset.told = "";
  }

  /** The item to go on with that no other moderator has in hand: the next below a place, or else the last above. null where
   * there is none. @param {Slip | null} place @param {Slip[]} [without] */
  #free(place, without = []) {
    const { slips } = this;
    const at = place ? slips.indexOf(place) : -1;
    const free = this.open.filter((slip) => slip !== place && !slip.taken && !slip.busy && !without.includes(slip));
    return free.find((slip) => slips.indexOf(slip) > at) ?? free.at(-1) ?? null;
  }

  /** The same, or an item that another moderator has in hand. @param {Slip | null} place @param {Slip[]} [without] */
  #left(place, without = []) {
    return this.#free(place, without) ?? this.open.find((slip) => slip !== place && !without.includes(slip)) ?? null;
  }

  /** Take the next one in hand, or the one before; those that others have in hand are passed over. @param {1 | -1} step */
  async walk(step) {
    const { slips, hand, view, next: cursor } = this;
    const at = hand ? slips.indexOf(hand) : -1;
    const rest = step > 0 ? slips.slice(at + 1) : slips.slice(0, Math.max(0, at)).reverse();
    const next = rest.find(({ clash, taken }) => !clash && !taken);
    if (next) this.take(next, true);
    else if (step > 0 && cursor) {
      await this.load();
      if (view === this.view) await this.walk(step);
    } else if (step > 0 && hand?.clash) this.#rest();
    else hand?.element.focus();
  }

  /** Go on with what is left where nothing free is below; where nothing is left, what was decided elsewhere goes, too. */
  #rest() {
    const left = this.#left(this.hand);
    if (!left) this.moderation.title.focus();
    this.take(left, true, true);
    if (left) return;
    this.slips = [];
    this.#draw();
  }

  /** Take slips out that are decided, and the next one in hand. @param {Slip[]} done
   * @param {boolean} [leave] False if they are in the list all the same: they are put in again below. */
  async remove(done, leave = true) {
    const { hand, view } = this;
    if (leave) done.forEach((slip) => this.leaves(slip));
    if (hand && done.includes(hand)) {
      if (!this.#free(hand, done) && this.next) await this.moderation.tried(this.load());
      if (view !== this.view) return;
    }
    const here = this.hand && done.includes(this.hand) ? this.hand : null;
    const next = here && this.#left(here, done);
    if (here && next) this.take(next, true, true);
    this.slips = this.slips.filter((slip) => !done.includes(slip));
    if (here && !next) this.#rest();
    else this.#draw();
  }

  /** Select an item or not, or all from the last one to this. @param {Slip} slip @param {boolean} checked @param {boolean} range */
  select(slip, checked, range) {
    const { slips } = this;
    const ends = [range && this.from ? slips.indexOf(this.from) : slips.indexOf(slip), slips.indexOf(slip)].sort((a, b) => a - b);
    for (const one of slips.slice(ends[0], ends[1] + 1)) {
      if (one.clash) continue;
      one.box.checked = checked && (one.box.checked || this.selected.length < MOST);
    }
    this.from = slip;
    this.moderation.picked();
  }

  /** Select what is fully visible, and nothing else. */
  selectVisible() {
    const edge = this.moderation.main.getBoundingClientRect();
    const top = Math.max(edge.top + this.moderation.head.offsetHeight, 0);
    const bottom = Math.min(edge.bottom, innerHeight);
    for (const slip of this.open) {
      const box = slip.element.getBoundingClientRect();
      slip.box.checked = box.height > 0 && box.top >= top && box.bottom <= bottom;
    }
    this.moderation.picked();
  }

  clear() {
    for (const { box } of this.slips) box.checked = false;
    this.moderation.picked();
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const target = /** @type {Element} */ (event.target);
    const slip = this.slips.find(({ element }) => element.contains(target));
    if (!slip) return;
    if (target === slip.box) this.select(slip, slip.box.checked, event.shiftKey);
    else if (!target.closest("button, a, input, textarea, label") && slip !== this.hand) this.take(slip, true);
  }

  #draw() {
    for (const slip of this.slips) slip.draw();
    keyed(this.list, this.slips, ({ key }) => key, ({ element }) => element);
    if (this.slips.some(({ item }) => item.import)) this.moderation.tried(this.moderation.act((acts) => acts.imported()));
    this.more.hidden = !this.next;
    this.empty.hidden = this.slips.length > 0 || this.next !== null;
    say(this.empty, this.words.say("nothing_waits"));
    this.moderation.picked();
  }
}
