/**
 * The replay: one event after another, at 1 or 4 events per second, and at the end what is recorded from then on.
 *
 * The next two pages are fetched ahead. A `reset` of the live feed stops the replay; it goes on once all is read again.
 */

import { Live } from "../shared/live.js";

export const RATES = [1, 4];

export class Replay {
  /**
   * @param {{number: () => number, total: () => number, last: () => string, go: (number: number) => Promise<void>,
   *   ahead: (number: number) => void, grow: () => Promise<void>, reopen: () => Promise<void>,
   *   address: (after: string) => URL, changed: () => void, failed: (error: unknown) => void}} room
   */
  constructor(room) {
    this.room = room;
    this.playing = false;
    this.rate = RATES[0];
    /** @type {Live | null} */
    this.live = null;
    this.timer = 0;
  }

  /** Play from the moment on. */
  play() {
    if (this.playing) return;
    this.playing = true;
    this.room.changed();
    this.#next();
  }

  /** Stay at the moment. */
  pause() {
    this.playing = false;
    clearTimeout(this.timer);
    this.live?.end();
    this.live = null;
    this.room.changed();
  }

  /** Take the other rate. */
  other() {
    this.rate = RATES[(RATES.indexOf(this.rate) + 1) % RATES.length];
    this.room.changed();
  }

  #next() {
    const { room } = this;
    clearTimeout(this.timer);
    if (!this.playing) return;
    if (room.number() >= room.total()) return this.#follow();
    for (const ahead of [1, 2]) if (room.number() + ahead <= room.total()) room.ahead(room.number() + ahead);
    this.timer = setTimeout(() => this.#step(), 1000 / this.rate);
  }

  async #step() {
    try {
      await this.room.go(this.room.number() + 1);
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
    this.live = new Live({ address: room.address, after: room.last(), frame: (kind) => this.#told(kind), changed: room.changed });
    this.live.begin();
    this.live.tell("near");
    room.changed();
  }

  /** @param {string} kind */
  async #told(kind) {
    this.told = [...(this.told ?? []), kind];
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.told.length) {
        const reset = this.told.includes("reset");
        this.told = [];
        await (reset ? this.room.reopen() : this.room.grow());
      }
      if (this.playing && this.room.number() < this.room.total()) this.#next();
    } catch (error) {
      this.pause();
      this.room.failed(error);
    } finally {
      this.busy = false;
    }
  }
}
