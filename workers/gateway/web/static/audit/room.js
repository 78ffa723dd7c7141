/** The room: one moment of one thread, shown by the heading, the page then and the record, each about the same event. */

import { el, on, say } from "../shared/dom.js";
import { Address } from "./address.js";
import { Calls, Failure } from "./calls.js";
import { Foot } from "./foot.js";
import { formats } from "./formats.js";
import { Gone } from "./gone.js";
import { Heading } from "./heading.js";
import { Names } from "./names.js";
import { Numbers, compare } from "./numbers.js";
import { Record } from "./record.js";
import { bring } from "./reveal.js";
import { Then, rowsOf } from "./then.js";

/** @typedef {import("./sentences.js").Event} Event */

const PAGE = 200;

export class Room {
  /**
   * @param {HTMLElement} body
   * @param {{words: import("../shared/words.js").Words, caller: import("./caller.js").Caller, site: string,
   *   thread: string, called: string}} given
   */
  constructor(body, { words, caller, site, thread, called }) {
    Object.assign(this, { body, words, caller, site, thread, called });
    this.address = new Address(site, thread);
    this.calls = new Calls(site, thread, caller);
    this.names = new Names(words);
    const read = (/** @type {any} */ query) => this.calls.recall("/record", query);
    this.gone = new Gone(this.calls, caller, this.names);
    this.numbers = new Numbers(read);
    this.leaving = new AbortController();
    this.number = 0;
    Object.assign(this, formats(words));
    on(window, "popstate", () => this.#tried(this.#asked()), { signal: this.leaving.signal });
    this.heading = new Heading(words, this.numbers, {
      utc: this.utc, exact: this.exact, local: this.local,
      move: (number, jump) => this.#tried(this.#moved(number, jump)),
      landed: () => this.#tried(Promise.resolve(this.going).then(() => this.#bring())),
      play: () => this.#tried(this.#player().then((replay) => (replay.playing ? replay.pause() : replay.play()))),
      other: () => this.#tried(this.#player().then((replay) => replay.other())),
      change: () => this.#tried(this.#change()),
      ranged: (range) => this.#tried(this.#ranged(range)), failed: (error) => this.failed(error),
    });
    this.then = new Then(words, { utc: this.utc, exact: this.exact, more: (row) => this.#tried(this.#more(row)), unhide: (row) => this.#tried(this.#unhide(row)) });
    this.record = new Record(words, {
      utc: this.utc, day: this.day, exact: this.exact, names: this.names, read, link: (event) => this.address.link(event),
      go: (event) => this.#tried(this.#to(event.position, true)), failed: (error) => this.failed(error),
    });
    /** @type {import("./replay.js").Replay | null} */
    this.replay = null;
    this.status = el("p.status.label", { role: "status" });
    /** What the address named and is not there. */
    this.lost = el("p.note.label", { role: "status" });
  }

  /** The replay, loaded when it is first used. */
  async #player() {
    const { Replay } = await import("./replay.js");
    this.replay ??= new Replay({
      number: () => this.number, total: () => this.numbers.total, last: () => this.numbers.last,
      go: (number) => this.go(number), ahead: (number) => this.#ahead(number),
      grow: () => this.#grow(), reopen: () => this.#reopen(),
      address: (after) => this.calls.address("/feed", { after }),
      changed: () => this.#played(),
      failed: (error) => this.failed(error),
    });
    return this.replay;
  }

  /** Show what the replay does. */
  #played() {
    this.heading.playing(Boolean(this.replay?.playing), Boolean(this.replay?.live), this.replay?.rate ?? 1);
  }

  /** Show the moment that the address names, or the last one. */
  async begin() {
    const { words, body } = this;
    say(this.status, words.say("loading"));
    body.replaceChildren(this.status);
    try {
      await this.caller.arrive();
      this.foot = new Foot(this);
      if (this.caller.claims.sub) this.names.people.set(this.caller.claims.sub, this.caller.name);
      if (this.address.named) this.calls.page(this.address.named).catch(() => {}); // asked again when the room stands there
      await this.numbers.open();
      await this.#asked();
      if (this.address.named) this.#bring();
    } catch (error) {
      return this.#refused(error);
    }
    this.#later();
  }

  /** Leave: no stream and no listener stays. */
  end() {
    this.leaving.abort();
    this.replay?.pause();
  }

  /** What can wait until the first picture is there: every mark of a short thread, what is gone now, the self-check. */
  async #later() {
    const tasks = [this.foot.check(), this.#present()];
    if (this.numbers.few) tasks.push(this.numbers.fill().then(() => {
      this.names.learn([...this.numbers.events.values()]);
      this.heading.remake();
      this.record.draw();
      this.record.reveal();
    }));
    for (const { reason } of await Promise.allSettled(tasks)) if (reason) this.failed(reason);
  }

  /** Read the rows as they are now. */
  async #present() {
    await this.gone.read(this.numbers.last);
    this.#draw();
  }

  /** Show staff what a tombstone hides. @param {any} row */
  async #unhide(row) {
    await this.gone.unhide(row, this.event);
    this.#draw();
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
    if (lost.length) this.address.write(this.event, false);
  }

  /** Whether the address names a comment that is not there. */
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

  /** Stand at an event. Of several that are asked for at once, the last one counts. @param {number} number */
  go(number) {
    this.wanted = number;
    this.heading.point(number);
    this.going ??= (async () => {
      try {
        while (this.wanted !== null) {
          const next = this.wanted;
          this.wanted = null;
          await this.#stand(next);
        }
      } finally {
        this.going = this.wanted = null;
        this.heading.point(null);
      }
    })();
    return this.going;
  }

  /** @param {number} number */
  async #stand(number) {
    const event = await this.numbers.event(number);
    const page = await this.calls.page(event.position);
    const rows = rowsOf(page);
    this.names.rows(rows.values());
    this.names.learn([event]);
    await this.record.show(event.position);
    await this.gone.complete(event, page);
    Object.assign(this, { number, event, page });
    say(this.status, "");
    this.#draw();
  }

  #draw() {
    const { number, event, page, heading, then, record } = this;
    if (!event) return;
    heading.show(number, event, page.thread, record.text(event), this.caller.staff);
    then.show({ event, page, now: this.gone.now, staff: this.caller.staff });
    record.draw();
    if (!heading.element.isConnected) this.#furnish();
    then.reveal();
    record.reveal();
    this.#tried(this.gone.ask(page).then((more) => more && this.#draw()));
  }

  #furnish() {
    const { words, caller, body } = this;
    const who = caller.role === "nobody" ? "" : words.say(`role_${caller.role}`, { name: caller.name });
    const note = caller.staff ? (caller.role === "moderator" ? "tallies" : null) : caller.role === "other" ? "wrong_role" : "public_sees";
    const two = el("div.two", {}, this.then.element, this.record.element);
    const tab = (/** @type {string} */ name, /** @type {boolean} */ checked) => el("label", {},
      el("input", { type: "radio", name: "side", checked, onchange: () => {
        two.classList.toggle("side", name === "record");
        two.querySelector(name === "record" ? ".now" : ".hit")?.scrollIntoView({ block: "center" });
      } }), words.say(name));
    this.heading.element.firstElementChild?.append(el("fieldset.tabs", {}, el("legend.sr", {}, words.say("show")), tab("then", true), tab("record", false)));
    body.replaceChildren(
      el("div.bar", {}, el("b", {}, "Hansard"), el("span.site", {}, this.called), el("span.end.label", {}, who)),
      this.lost, ...(note ? [el("p.note.label", {}, words.say(note, { name: caller.name }), caller.staff ? "" : ` ${words.say("staff_see")}`)] : []),
      this.heading.element, two, this.foot.element, this.status);
    say(this.status, "");
    this.heading.remake();
    this.#played();
  }

  /** @param {number} number @param {boolean} jump */
  async #moved(number, jump) {
    await this.go(Math.max(1, Math.min(this.numbers.total, number)));
    say(this.lost, "");
    this.address.write(this.event, jump);
  }

  /** @param {string} position @param {boolean} jump */
  async #to(position, jump) {
    await this.#moved(await this.numbers.find(position), jump);
    this.#bring();
  }

  /** Bring what changed into view where the window scrolls and not the page then, as on a phone. */
  #bring() {
    const { then, record } = this;
    if (record.element.checkVisibility()) bring(record.element, record.element.querySelector(".now"));
    if (then.element.checkVisibility()) bring(then.element, then.element.querySelector(".hit"));
  }

  /** The next event that is no vote. */
  async #change() {
    const next = await this.numbers.change(this.number);
    if (next) await this.#moved(next, true);
  }

  /** @param {[number, number] | null} range */
  async #ranged(range) {
    this.record.range = range && [(await this.numbers.event(range[0])).position, (await this.numbers.event(range[1])).position];
    this.record.draw();
  }

  /** @param {any} row */
  async #more(row) {
    await this.calls.more(this.page, row, this.event.position);
    this.names.rows(rowsOf(this.page).values());
    this.#draw();
  }

  /** @param {number} number */
  #ahead(number) {
    this.numbers.event(number).then((event) => this.calls.page(event.position)).catch(() => {}); // asked again when it is due
  }

  /** Take what was recorded since. */
  async #grow() {
    const { numbers } = this;
    for (;;) {
      const page = await this.calls.get("/record", { around: numbers.last, limit: PAGE });
      const before = numbers.total;
      numbers.append(page);
      this.names.learn(page.events);
      this.record.append(page.events);
      if (numbers.total === before) break;
    }
    this.heading.remake();
    await this.#present();
  }

  /** Read everything again, and stand at the same event. */
  async #reopen() {
    const { position } = this.event;
    this.calls.kept.clear();
    this.record.events = [];
    await this.numbers.open();
    await this.go(await this.numbers.find(position));
    await this.#later();
  }

  /** Nothing can be shown. @param {unknown} error */
  #refused(error) {
    const { words, caller, body } = this;
    const slug = error instanceof Failure ? error.slug : "";
    const key = { "history-not-public": caller.role === "other" ? "closed_role" : "closed_out", "not-found": "not_found" }[slug];
    body.replaceChildren(el("div.refused", {}, el("h1", {}, words.say("public")), el("p", { role: "alert" }, words.say(key ?? "failed", { name: caller.name })),
      ...(key ? [] : [el("button.do", { type: "button", onclick: () => this.begin() }, words.say("again"))])));
    if (!key) throw error;
  }

  /** Say so where something fails. @param {Promise<unknown>} work */
  #tried(work) {
    return work.catch((error) => this.failed(error));
  }

  /** Something is not shown; the rest stays. @param {unknown} error */
  failed(error) {
    say(this.status, this.words.say("failed"));
    console.warn(error);
  }
}
