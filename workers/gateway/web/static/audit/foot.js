/** The foot of the room: the self-check, and what can be taken away: a link, the record, an exhibit. */

import { attr, el, say } from "../shared/dom.js";
import { after, timeOf } from "./numbers.js";
import { Then } from "./then.js";
import { WORDED, digestOf, exhibit, linesOf, recorded, save } from "./exhibit.js";

export class Foot {
  /** @param {import("./room.js").Room} room */
  constructor(room) {
    this.room = room;
    const { words } = room;
    const act = (/** @type {string} */ name, /** @type {() => Promise<void>} */ done, kind = "button.act") =>
      el(kind, { type: "button", onclick: () => done().catch((error) => room.failed(error)) }, words.say(name));
    this.checked = el("span.check-line", { role: "status" });
    this.copier = act("copy", () => this.#copy());
    this.stop = el("button.act", { type: "button", hidden: true, onclick: () => this.stopping?.abort() }, words.say("stop"));
    this.busy = el("span.quiet", { role: "status" });
    this.element = el("div.check", {}, el("div", {}, this.checked, el("span.end", {}, this.busy, this.stop, this.copier,
      act("export", () => this.#working((signal) => this.#export(signal)), "button.act.far"),
      room.caller.staff ? act("exhibit", () => this.#working((signal) => this.#exhibit(signal)), "button.do.small") : null)));
  }

  /** Ask whether the views equal the fold of the log. For staff. */
  async check() {
    const { room, checked } = this;
    if (!room.caller.staff) return;
    say(checked, room.words.say("check_running"));
    try {
      this.result = await room.calls.get("/check");
    } catch (error) {
      say(checked, room.words.say("check_failed"));
      throw error;
    }
    checked.className = `check-line ${this.result.identical ? "ok" : "bad"}`;
    checked.replaceChildren(el("b", {}, `${this.result.identical ? "✓" : "✗"} ${this.#verdict()}`), el("span.quiet", {}, ` ${room.exact(this.result.at)}`));
  }

  #verdict() {
    const { words } = this.room;
    const { events, identical, differs } = /** @type {any} */ (this.result);
    const line = words.say(identical ? "check_ok" : "check_bad", { n: events });
    return identical ? line : `${line}. ${words.say("check_differs", { names: differs.map(named).join(", ") })}`;
  }

  async #copy() {
    const { room, copier } = this;
    const link = room.link(room.event);
    try {
      await navigator.clipboard.writeText(link);
      say(copier, room.words.say("copied"));
      setTimeout(() => say(copier, room.words.say("copy")), 4000);
    } catch {
      const field = /** @type {HTMLInputElement} */ (el("input", { readonly: true, value: link, "aria-label": room.words.say("copy_by_hand") }));
      copier.replaceWith(field);
      field.select();
    }
  }

  /** Show how far something is, and let it be stopped. @param {(signal: AbortSignal) => Promise<void>} work */
  async #working(work) {
    if (this.stopping) return;
    this.stopping = new AbortController();
    this.stop.hidden = false;
    try {
      await work(this.stopping.signal);
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
    } finally {
      this.stopping = null;
      this.stop.hidden = true;
      say(this.busy, "");
    }
  }

  /** @param {AbortSignal} signal @param {Record<string, any>} query @param {[string, string] | null} range */
  #lines(signal, query, range) {
    const { calls, words, numbers } = this.room;
    const read = (/** @type {any} */ page) => calls.get("/record", page, signal);
    return linesOf(recorded(read, query, range), (count) => say(this.busy, words.say("export_doing", { count, total: numbers.total })));
  }

  /** @param {AbortSignal} signal */
  async #export(signal) {
    const { record, site, thread } = this.room;
    const { blob } = await this.#lines(signal, record.query, record.range);
    save(blob, `${site}-${thread}.jsonl`);
  }

  /** @param {AbortSignal} signal */
  async #exhibit(signal) {
    const { room } = this;
    const { words, calls, caller, event, site, thread } = room;
    const first = await room.numbers.event(1);
    const { blob, count, last } = await this.#lines(signal, {}, [first.position, event.position]);
    const page = await calls.whole(event.position, signal);
    await room.complete(event, page);
    const then = new Then(words, { utc: room.utc, exact: room.exact, more: async () => {}, unhide: async () => {} });
    then.whole.checked = true;
    then.show({ event, page, now: room.now ?? null, staff: true });
    for (const button of then.list.querySelectorAll("button")) button.remove();
    room.names.learn(last);
    const word = (/** @type {string} */ name, values = {}) => words.say(`exhibit.${name}`, values);
    const time = room.exact(timeOf(event));
    const [clock, zone, day] = room.local(timeOf(event));
    const how = caller.role === "auditor"
      ? [word("digest_how"), " ", el("code", {}, `hansard replay --json --site ${site} --thread ${thread} --to ${after(event.position)}`)]
      : [word("digest_part")];
    /** @type {[string, string | Node][]} */
    const facts = [
      [word("site"), site], [word("article"), page.thread.url], [word("thread"), thread], [word("moment"), time],
      [word("local", { zone }), `${day}, ${clock}`], [word("position"), event.position],
      [word("made"), word("made_by", { name: caller.name, id: caller.claims.sub ?? "", time: room.exact(Date.now()) })],
      [word("events"), words.number(count)],
      [word("digest"), el("span", {}, el("code", {}, await digestOf(blob)), " ", ...how)],
      ...(this.result ? [/** @type {[string, string]} */ ([word("checked"), `${this.#verdict()}, ${room.exact(this.result.at)}`])] : []),
    ];
    const record = el("ol", {}, ...last.map((one) => el(one.position === event.position ? "li.now" : "li", {},
      el("time", {}, room.exact(timeOf(one))), el("span", {}, ...room.record.sentence(one)))));
    const styles = await Promise.all(["hosted", "tokens", "audit"].map(async (name) => (await fetch(new URL(`../css/${name}.css`, import.meta.url))).text()));
    save(exhibit({
      title: word("title", { title: page.thread.title, time }), language: words.language, direction: words.all.direction, styles: styles.join("\n"), facts,
      heads: [word("page"), word(count > WORDED ? "record_last" : "record", { count: last.length })], page: then.list, record, foot: word("no_script"),
    }), `exhibit-${site}-${thread}-${event.position}.html`);
  }
}

/** A difference in words. @param {{view: string, comment: string | null, what: string}} one */
function named({ view, comment, what }) {
  return [view, comment, what].filter(Boolean).join(" ");
}
