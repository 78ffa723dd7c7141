/**
 * The events of a thread by number: the first has number 1. Only what is asked for is loaded.
 *
 * Every page of the record tells how many events are before it, and a strip divides them into parts of equal numbers.
 */

/** @typedef {import("./sentences.js").Event} Event */
/** @typedef {import("./strip.js").Part & {first: number, count: number}} Numbered */

/** Number of events up to which each has a mark of its own. */
const MOST = 2000;
const PARTS = 1000;
const PAGE = 200;

export class Numbers {
  /** @param {(query: Record<string, any>) => Promise<any>} read Reads the record of the thread. */
  constructor(read) {
    this.read = read;
    this.clear();
  }

  clear() {
    /** @type {Numbered[]} */
    this.parts = [];
    this.total = 0;
    /** Position of the last event; "" before anything is read. */
    this.last = "";
    /** @type {Map<number, Event>} */
    this.events = new Map();
    /** @type {Map<string, number>} */
    this.numbers = new Map();
  }

  /** Read the parts of the thread. */
  async open() {
    const { strip, position } = await this.read({ strip: PARTS });
    this.clear();
    this.last = position;
    for (const { from, to, from_at: at, to_at: until, counts } of strip) {
      const count = Object.values(counts).reduce((sum, one) => sum + one, 0);
      this.parts.push({ from, to, at: Date.parse(at), until: Date.parse(until), counts, first: this.total + 1, count });
      this.total += count;
    }
  }

  /** True if the thread is so short that every event has a mark of its own. */
  get few() {
    return this.total <= MOST;
  }

  /** Load every event of a short thread. */
  async fill() {
    for (let page = await this.read({ limit: 500 }); ; page = await this.read({ limit: 500, cursor: page.next })) {
      this.keep(page);
      if (!page.more) return;
    }
  }

  /** Take the events of a page of the whole record. @param {any} page */
  keep({ events, before }) {
    events.forEach((/** @type {Event} */ event, /** @type {number} */ index) => {
      this.events.set(before + 1 + index, event);
      this.numbers.set(event.position, before + 1 + index);
    });
  }

  /** Event number `number`, from 1.
   * @param {number} number
   * @returns {Promise<Event>} */
  async event(number) {
    if (!this.events.has(number)) {
      const part = this.parts[this.#partOf(number)];
      let page = await this.read({ around: part.from, limit: PAGE });
      this.keep(page);
      while (!this.events.has(number) && page.more) this.keep((page = await this.read({ cursor: page.next, limit: 500 })));
    }
    const found = this.events.get(number);
    if (!found) throw new RangeError(`there is no event ${number}`);
    return found;
  }

  /** The number of the last event at or before a position; 1 if there is none.
   * @param {string} position
   * @returns {Promise<number>} */
  async find(position) {
    if (!this.numbers.has(position)) {
      const page = await this.read({ around: position, limit: PAGE });
      this.keep(page);
      const later = page.events.findIndex((/** @type {Event} */ event) => compare(event.position, position) > 0);
      return Math.max(1, later < 0 ? page.before + page.events.length : page.before + later);
    }
    return /** @type {number} */ (this.numbers.get(position));
  }

  /** The number of the next event that is no vote; 0 if there is none. @param {number} number */
  async change(number) {
    for (const { first, count, counts } of this.parts.slice(this.#partOf(number + 1))) {
      if (counts.votes === count) continue;
      for (let one = Math.max(first, number + 1); one < first + count; one++) {
        if (!(await this.event(one)).type.startsWith("vote")) return one;
      }
    }
    return 0;
  }

  /** Take a page that may go on after the last event.
   * @param {any} page @param {(type: string) => string} sort The sort under which the record counts a type. */
  append(page, sort) {
    this.keep(page);
    for (const event of page.events) {
      if (compare(event.position, this.last) <= 0) continue;
      const at = timeOf(event);
      this.parts.push({ from: event.position, to: event.position, at, until: at, counts: { [sort(event.type)]: 1 }, first: ++this.total, count: 1 });
      this.last = event.position;
    }
  }

  /** @param {number} number @returns {number} */
  #partOf(number) {
    const at = this.parts.findIndex(({ first, count }) => number < first + count);
    return at < 0 ? this.parts.length - 1 : at;
  }
}

/** When an event happened, in milliseconds since 1970. Of an entry that cannot be read, when it was recorded.
 * @param {Event} event */
export function timeOf({ occurred_at, position }) {
  return occurred_at ? Date.parse(occurred_at) : Number(position.split("-")[0]);
}

/** Order two positions, `<ms>-<n>`.
 * @param {string} one @param {string} other @returns {number} */
export function compare(one, other) {
  const [ms, n] = one.split("-").map(Number);
  const [otherMs, otherN] = other.split("-").map(Number);
  return ms - otherMs || n - otherN;
}

/** The position right after a position.
 * @param {string} position @returns {string} */
export function after(position) {
  const [ms, n] = position.split("-");
  return `${ms}-${Number(n) + 1}`;
}
