/**
 * The replay: one event after another, at 1 or 4 events per second, and at the end what is recorded from then on.
 *
 * The next two pages are fetched ahead. A `reset` of the live feed stops the replay; it goes on once all is read again.
 */

import { Live } from "../shared/live.js";
import { kindOf, sortOf } from "./kinds.js";

export const RATES = [1, 4];

const PAGE = 200;

export class Replay {
  /** @param {import("./room.js").Room} room */
  constructor(room) {
    this.room = room;
    this.playing = false;
    this.rate = RATES[0];
    /** @type {Live | null} */
    this.live = null;
    this.timer = 0;
  }

  /** Play, or pause. */
  toggle() {
    if (!this.playing) return this.play();
    this.pause();
    this.room.address.write(this.room.event, true);
  }

  /** Show what the replay does. */
  #changed() {
    this.room.heading.playing(this.playing, Boolean(this.live), this.rate);
  }

  /** Play from the moment on. */
  play() {
    if (this.playing) return;
    this.playing = true;
    this.#changed();
    this.#next();
  }

  /** Stay at the moment. */
  pause() {
    this.playing = false;
    clearTimeout(this.timer);
    this.live?.end();
    this.live = null;
    this.#changed();
  }

  /** Take the other rate. */
  other() {
    this.rate = RATES[(RATES.indexOf(this.rate) + 1) % RATES.length];
    this.#changed();
  }

  #next() {
    const { room } = this;
    clearTimeout(this.timer);
    if (!this.playing) return;
    const { number, numbers: { total } } = room;
    if (number >= total) return this.#follow();
    for (const ahead of [1, 2]) if (number + ahead <= total) this.#ahead(number + ahead);
    this.timer = setTimeout(() => this.#step(), 1000 / this.rate);
  }

  async #step() {
    try {
      await this.room.go(this.room.number + 1);
    } catch (error) {
      this.pause();
      this.room.failed(error);
    }
    this.#next();
  }

  /** Wait for what is recorded next. */
  #follow() {
    if (this.live) return;
    const { room } = this;
    this.live = new Live({ address: (after) => room.calls.address("/feed", { after }), after: room.numbers.last,
      frame: (kind) => this.#received(kind), changed: () => this.#changed() });
    this.live.begin();
    this.live.tell("near");
    this.#changed();
  }

  /** @param {string} kind */
  async #received(kind) {
    this.frames = [...(this.frames ?? []), kind];
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.frames.length) {
        const reset = this.frames.includes("reset");
        this.frames = [];
        await (reset ? this.room.reopen() : this.#grow());
      }
      if (this.playing && this.room.number < this.room.numbers.total) this.#next();
    } catch (error) {
      this.pause();
      this.room.failed(error);
    } finally {
      this.busy = false;
    }
  }

  /** @param {number} number */
  #ahead(number) {
    const { numbers, calls } = this.room;
    numbers.event(number).then((event) => calls.page(event.position)).catch(() => {}); // asked again when it is due
  }

  /** Take what was recorded since. */
  async #grow() {
    const { numbers, calls, names, record, timeline } = this.room;
    for (;;) {
      const page = await calls.get("/record", { around: numbers.last, limit: PAGE });
      const before = numbers.total;
      numbers.append(page, (type) => sortOf(kindOf(type)));
      names.learn(page.events);
      record.append(page.events);
      if (numbers.total === before) break;
    }
    timeline.remake();
    await this.room.present();
  }
}
