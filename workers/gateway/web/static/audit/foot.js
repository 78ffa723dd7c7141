/** The foot of the room: the self-check, and what can be taken away: a link, the record, an exhibit. */

import { el, say } from "../shared/dom.js";

export class Foot {
  /** @param {HTMLElement} element Its place. @param {import("./room.js").Room} room */
  constructor(element, room) {
    this.room = room;
    const { words } = room;
    const act = (/** @type {string} */ name, /** @type {() => Promise<void>} */ done, kind = "button.act") =>
      el(kind, { type: "button", onclick: () => room.tried(done()) }, words.say(name));
    this.checked = el("span.check-line", { role: "status" });
    this.copier = act("copy", () => this.#copy());
    this.stop = el("button.act", { type: "button", hidden: true, onclick: () => this.stopping?.abort() }, words.say("stop"));
    this.busy = el("span.quiet", { role: "status" });
    element.append(this.checked, el("span.end", {}, this.busy, this.stop, this.copier,
      act("export", () => this.#working("saveRecord"), "button.act.far"),
      room.caller.staff && act("exhibit", () => this.#working("saveExhibit"), "button.do.small")));
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
    checked.replaceChildren(el("b", {}, `${this.result.identical ? "✓" : "✗"} ${room.words.say("check", { said: this.#verdict() })}`), el("span.quiet", {}, ` ${room.exact(this.result.at)}`));
  }

  /** The result in words; none before there is one. */
  #verdict() {
    const { words } = this.room;
    if (!this.result) return "";
    const { events, identical, differs } = this.result;
    const line = words.say(identical ? "check_ok" : "check_bad", { n: events });
    return identical ? line : `${line}. ${words.say("check_differs", { names: differs.map(named).join(", ") })}`;
  }

  async #copy() {
    const { room, copier } = this;
    const link = room.address.link(room.event);
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

  /** Show how far something is, and let it be stopped. @param {"saveRecord" | "saveExhibit"} work */
  async #working(work) {
    if (this.stopping) return;
    this.stopping = new AbortController();
    this.stop.hidden = false;
    let done = "";
    try {
      const take = (await import("./take.js"))[work];
      done = await take(this.room, this.#verdict.bind(this), this.stopping.signal, (text) => say(this.busy, text));
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
    } finally {
      this.stopping = null;
      this.stop.hidden = true;
      say(this.busy, done);
    }
  }
}

/** A difference in words. @param {{view: string, comment: string | null, what: string}} one */
function named({ view, comment, what }) {
  return [view, comment, what].filter(Boolean).join(" ");
}
