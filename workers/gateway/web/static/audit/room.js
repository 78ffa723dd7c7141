/**
 * The room: one moment of one thread, shown by the heading, the page then and the record, each about the same event.
 *
 * The first picture is the heading and the page then, with the places of all else. What fills these is loaded after it.
 */

import { el, on, say } from "../shared/dom.js";
import { Address } from "./address.js";
import { Calls } from "./calls.js";
import { Failure } from "../shared/failure.js";
import { formats } from "./formats.js";
import { frame, refusal } from "./frame.js";
import { Heading } from "./heading.js";
import { Names } from "./names.js";
import { Numbers, compare } from "./numbers.js";
import { bring } from "./reveal.js";
import { Then, rowsOf } from "./then.js";

/** @typedef {import("./sentences.js").Event} Event */

export class Room {
  /**
   * @param {HTMLElement} body
   * @param {{words: import("../shared/words.js").Words, caller: import("./caller.js").Caller, site: string,
   *   thread: string, called: string | null}} given `called` is the name of the publication, where it is known.
   */
  constructor(body, given) {
    const { words, site, thread, caller } = given;
    Object.assign(this, { body, ...given, ...formats(words) });
    this.address = new Address(site, thread);
    this.calls = new Calls(site, thread, caller);
    this.names = new Names(words);
    this.numbers = new Numbers((query) => this.read(query));
    this.leaving = new AbortController();
    this.number = 0;
    /** @type {number | null} The event that is on its way. */
    this.pointed = null;
    on(window, "popstate", () => this.tried(this.#returned()), { signal: this.leaving.signal });
    this.heading = new Heading(this);
    this.then = new Then(this);
    this.trail = el("section.trail", { "aria-labelledby": "record-title", tabindex: 0 }, el("h2", { id: "record-title" }, words.say("record")));
    this.foot = el("div");
    this.status = el("p.status.label", { role: "status" });
    /** The note on what the address names and the thread lacks. */
    this.lost = el("p.note.label", { role: "status" });
  }

  /** Read the record of the thread. @param {Record<string, any>} query */
  read(query) {
    return this.calls.recall("/record", query);
  }

  /** Show the moment that the address names, or the last one. */
  begin = async () => {
    const { words, body, caller, address, numbers } = this;
    say(this.status, words.say("loading"));
    body.replaceChildren(this.status);
    try {
      await caller.arrive();
      if (caller.claims.sub) this.names.people.set(caller.claims.sub, caller.name);
      if (address.named) this.calls.page(address.named).catch(() => {}); // asked again when the room stands there
      await numbers.open();
      await this.#asked();
      if (address.named) this.#bring();
    } catch (error) {
      if (refusal(this, error)) return;
      throw error;
    }
    this.furnished = this.#load();
    await this.tried(this.furnished.then(() => this.#rest()));
  };

  /** Leave: no stream and no listener stays. */
  end() {
    this.leaving.abort();
    this.address.leave();
    this.replay?.pause();
  }

  /** Load what stands around the page then, and put it into its places. */
  async #load() {
    const { words } = this;
    const [{ Record }, { Timeline }, drawing, { Foot }, more] = await Promise.all([import("./record.js"), import("./timeline.js"),
      import("./drawing.js"), import("./foot.js"), fetch(new URL(`later/${words.language}.json`, import.meta.url)).then((answer) => answer.json())]);
    Object.assign(words.all, more);
    const record = new Record(this.trail, this);
    await record.show(this.event.position);
    this.record = record;
    this.timeline = new Timeline(this, drawing);
    this.taking = new Foot(this.foot, this);
    if (record.now !== this.event.position) await record.show(this.event.position);
    this.draw();
  }

  /** Load the rest: every mark of a short thread, what is gone now, the self-check. */
  async #rest() {
    const { numbers, names, record, timeline } = this;
    const tasks = [this.taking.check(), this.present()];
    if (numbers.few) tasks.push(numbers.fill().then(() => {
      names.learn([...numbers.events.values()]);
      timeline.remake();
      record.draw();
      record.reveal();
    }));
    for (const { reason } of await Promise.allSettled(tasks)) if (reason) this.failed(reason);
  }

  /** The part that reads hidden texts for staff, loaded where something of it is needed. */
  async #hidden() {
    const { Gone } = await import("./gone.js");
    this.gone ??= new Gone(this.calls, this.caller, this.names);
    return this.gone;
  }

  /** Add the row that an event is about, where a page leaves it out, or hides it from readers. @param {Event} event @param {any} page */
  async complete(event, page) {
    const row = rowsOf(page).get(event.comment ?? "");
    if (event.comment && !row?.author && !row?.hidden) await (await this.#hidden()).complete(event, page);
  }

  /** Read the rows as they are now, for staff. */
  async present() {
    if (this.caller.staff) await (await this.#hidden()).read(this.numbers.last);
    this.draw();
  }

  /** Show staff what a tombstone hides. @param {any} row */
  async unhide(row) {
    await (await this.#hidden()).unhide(row, this.event);
    this.draw();
  }

  /** Go to the moment that the address names, otherwise to the last event. What is not there is said, and the address
   * becomes that of what is shown. */
  async #asked() {
    const { numbers, address: { named } } = this;
    const found = await numbers.find(named ?? numbers.last).catch((error) => {
      if (error instanceof Failure && error.status < 500) return 0; // no event of this thread
      throw error;
    });
    await this.go(found || numbers.total);
    const { position } = this.event;
    const lost = [];
    if (named !== null && named !== position) {
      const near = found && !(compare(numbers.last, named) < 0) && compare(position, named) < 0;
      if (!near) await this.go(numbers.total);
      lost.push(near ? "moment_near" : "moment_none");
    }
    if (await this.#missing()) lost.push("comment_none");
    say(this.lost, lost.map((key) => this.words.say(key)).join(" "));
    if (lost.length) this.address.mend(this.event);
  }

  /** True if the address names a comment that the thread lacks. */
  async #missing() {
    const { comment } = this.address;
    if (!comment || comment === this.event.comment) return false;
    try {
      await this.calls.recall(`/comments/${encodeURIComponent(comment)}`, {});
      return false;
    } catch (error) {
      if (error instanceof Failure && error.status < 500) return true;
      throw error;
    }
  }

  /** Go where Back or Forward leads. Where the focus was on what is no longer shown, it goes to what is in its place. */
  async #returned() {
    this.address.leave();
    const held = /** @type {ShadowRoot} */ (this.body.getRootNode()).activeElement;
    const recorded = this.trail.contains(held);
    await this.#asked();
    if (!held || held.isConnected) return;
    const next = recorded ? this.trail.querySelector(".now a") : this.then.element;
    /** @type {HTMLElement} */ (next ?? this.trail).focus({ preventScroll: true });
  }

  /** Stand at an event. Of several that are asked for at once, the last one counts. @param {number} number */
  go(number) {
    this.wanted = number;
    this.#point(number);
    this.going ??= (async () => {
      try {
        while (this.wanted !== null) {
          const next = this.wanted;
          this.wanted = null;
          await this.#stand(next);
        }
      } finally {
        this.going = this.wanted = null;
        this.#point(null);
      }
    })();
    return this.going;
  }

  /** Move the slider at once, before its page is there. What is shown meanwhile does not move it back.
   * @param {number | null} number */
  #point(number) {
    this.pointed = number;
    this.timeline?.draw();
  }

  /** @param {number} number */
  async #stand(number) {
    const event = await this.numbers.event(number);
    const page = await this.calls.page(event.position);
    this.names.rows(rowsOf(page).values());
    this.names.learn([event]);
    await this.record?.show(event.position);
    await this.complete(event, page);
    Object.assign(this, { number, event, page });
    if (this.pointed === number) this.pointed = null;
    say(this.status, "");
    this.draw();
  }

  /** Show the moment. */
  draw() {
    const { heading, then, record, page, gone } = this;
    heading.show();
    this.timeline?.draw();
    then.show({ event: this.event, page, now: gone?.now ?? null, staff: this.caller.staff });
    record?.draw();
    if (!heading.element.isConnected) {
      frame(this);
      heading.playing(false, false, 1);
    }
    then.reveal();
    record?.reveal();
    if (gone) this.tried(gone.ask(page).then((more) => more && this.draw()));
  }

  /** Go to an event, and write its address. @param {number} number @param {boolean} [step] As in `Address.write`. */
  move(number, step = false) {
    return this.tried((async () => {
      await this.go(Math.max(1, Math.min(this.numbers.total, number)));
      say(this.lost, "");
      this.address.write(this.event, step);
    })());
  }

  /** Go to the event at a position, and bring what it changed into view. @param {string} position */
  async to(position) {
    await this.move(await this.numbers.find(position));
    this.#bring();
  }

  /** A pointer has chosen on the slider. */
  landed() {
    this.address.held = false;
    this.tried(Promise.resolve(this.going).then(() => {
      this.address.settle();
      this.#bring();
    }));
  }

  /** Bring what changed into view where the window scrolls and not the page then, as on a phone. */
  #bring() {
    const { then, trail } = this;
    if (trail.checkVisibility()) bring(trail, trail.querySelector(".now"));
    if (then.element.checkVisibility()) bring(then.element, then.element.querySelector(".hit"));
  }

  /** Go to the next event that is no vote. */
  change() {
    return this.tried(this.numbers.change(this.number).then((next) => next && this.move(next)));
  }

  /** Show more comments of a parent, or of the page. @param {any} row A parent, or null. */
  async more(row) {
    await this.calls.more(this.page, row, this.event.position);
    this.names.rows(rowsOf(this.page).values());
    this.draw();
  }

  /** Do something with the replay, which is loaded when it is first used.
   * @param {(replay: import("./replay.js").Replay) => void} act */
  replayed(act) {
    return this.tried(Promise.all([import("./replay.js"), this.furnished]).then(([{ Replay }]) => act((this.replay ??= new Replay(this)))));
  }

  /** Read everything again, and stand at the same event. */
  async reopen() {
    const { position } = this.event;
    this.calls.kept.clear();
    this.record.events = [];
    await this.numbers.open();
    await this.go(await this.numbers.find(position));
    await this.#rest();
  }

  /** Say so where something fails. @param {Promise<unknown>} work */
  tried = (work) => work.catch((error) => this.failed(error));

  /** Something is not shown; the rest stays. @param {unknown} error */
  failed(error) {
    say(this.status, this.words.say("failed"));
    console.warn(error);
  }
}
