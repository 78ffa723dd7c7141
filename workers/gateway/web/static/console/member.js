// The member beside the item in hand: standing, numbers, warnings, notes, what was decided about them, what they wrote last.

import { part } from "../shared/part.js";
import { attr, el, say } from "../shared/dom.js";
import { times } from "../shared/time.js";

const FEW = 5;
/** The acts on a member, whose forms are a part of their own. */
const ACTS = ["suspend", "warn", "set_standing"];

export class Member {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    this.words = moderation.words;
    this.times = times(this.words.locale);
    /** @type {{id: string, name: string, badges: string[]} | null} */
    this.who = null;
    this.body = el("div");
    this.closing = el("button.act.only-narrow", { type: "button", onclick: () => this.close() }, this.words.say("close"));
    this.element = el("section.drawer", { "aria-label": this.words.say("the_member") }, this.closing, this.body);
    this.reading = 0;
  }

  /** Show the author of an item. Another member's facts go at once. @param {any} author */
  async show(author) {
    if (!author?.id || author.id === this.who?.id) return;
    this.who = author;
    this.body.replaceChildren(el("h2", { dir: "auto" }, author.name));
    await this.read();
  }

  /** Read the member that is shown again. */
  async read() {
    const { who, moderation } = this;
    if (!who) return;
    const number = ++this.reading;
    const { calls } = moderation;
    const [{ member }, { decisions }, { comments }, { notes }] = await Promise.all([
      calls.get(this.path), calls.get("/moderation/decisions", { member: who.id, limit: FEW }),
      calls.get(`${this.path}/comments`, { limit: FEW }), calls.get(`${this.path}/notes`, { limit: FEW })]);
    if (number === this.reading) this.#draw(member, decisions, comments, notes);
  }

  /** Path of the member that is shown. */
  get path() {
    return `/members/${encodeURIComponent(this.who?.id ?? "")}`;
  }

  /** As a sheet, where there is no room beside the queue. */
  open() {
    this.opener = /** @type {HTMLElement | null} */ (/** @type {ShadowRoot} */ (this.element.getRootNode()).activeElement);
    this.element.classList.add("open");
    this.closing.focus();
  }

  close() {
    this.element.classList.remove("open");
    this.opener?.focus();
  }

  /** @param {any} member @param {any[]} decisions @param {any[]} comments @param {any[]} notes */
  #draw(member, decisions, comments, notes) {
    const { words, moderation, who } = this;
    const { published, rejected, pending } = member.comments;
    const since = member.first_at ? words.say("since", { date: this.times.longDate(new Date(member.first_at)) }) : "";
    const facts = [member.id, ...(member.badges ?? who?.badges ?? []), since].filter(Boolean).join(" · ");
    const tally = [["published", published], ["rejected", rejected], ["waiting", pending]].map(([name, n]) =>
      el("div", {}, el("dt", {}, words.say(`count.${name}`)), el("dd", {}, words.number(Number(n)))));
    const before = member.suspensions?.length ?? (member.suspension ? 1 : 0);
    const warnings = member.warnings ?? [];
    this.body.replaceChildren(
      el("h2", { dir: "auto" }, member.name ?? member.id), el("p.id.label", {}, facts), el("dl.tally", {}, ...tally),
      el("p", {}, member.suspension ? this.#suspended(member.suspension) : words.say(before ? "free_again" : "free", { n: before })),
      ...this.#standing(member), this.#acts(member),
      ...(warnings.length ? [el("h3", {}, words.say("warnings")), el("ol", {}, ...warnings.map((/** @type {any} */ one) => this.#warning(one)))] : []),
      el("h3", {}, words.say("notes")), this.#noting(notes),
      el("h3", {}, words.say("decided_about")),
      el("ol", {}, ...(decisions.length ? decisions.map((one) => this.#decision(one)) : [el("li", {}, words.say("nothing_yet"))])),
      el("h3", {}, words.say("last_written")),
      el("ol", {}, ...comments.map((one) => el("li", {}, el("span.label", {}, el("span", { dir: "auto" }, moderation.known.titled(one.thread)),
        el("span", {}, this.times.dated(new Date(one.posted_at)))), el("span", { dir: "auto" }, short(one.body ?? ""))))),
    );
  }

  /** @param {any} suspension */
  #suspended({ until, reason }) {
    const { words } = this;
    const text = until ? words.say("suspended_until", { date: this.times.longDate(new Date(until)) }) : words.say("suspended_for_good");
    return reason ? `${text} ${words.say("quoted", { text: reason })}` : text;
  }

  /** Words about a standing that is not the usual one, and about trust that approvals or a badge give. @param {any} member */
  #standing({ standing, trusted_by: by, standings = [] }) {
    const { words } = this;
    const reason = standing === "usual" ? null : standings[0]?.reason;
    const said = by ? words.say(`trusted_by.${by}`) : standing === "held" ? words.say("standing.held") : standing === "trusted" ? words.say("trust_ended") : "";
    return said ? [el("p", { dir: "auto" }, said, reason ? ` ${words.say("quoted", { text: reason })}` : "")] : [];
  }

  /** @param {any} warning */
  #warning({ at, reason, acknowledged_at: read }) {
    const { words } = this;
    const seen = read ? words.say("acknowledged", { date: this.times.dated(new Date(read)) }) : words.say("not_acknowledged");
    return el("li", {}, el("span.label", {}, el("span", {}, seen), el("span", {}, this.times.dated(new Date(at)))), el("span", { dir: "auto" }, reason ?? ""));
  }

  /** The notes for staff, and a field for one more. @param {any[]} notes */
  #noting(notes) {
    const { words, moderation } = this;
    const text = /** @type {HTMLTextAreaElement} */ (el("textarea", { rows: "1", required: true, maxlength: "5000", dir: "auto", "aria-label": words.say("note_about") }));
    const problem = el("p.problem", { role: "alert" });
    const add = async (/** @type {Event} */ event) => {
      event.preventDefault();
      try {
        await moderation.calls.write("POST", `${this.path}/notes`, { text: text.value.trim() });
        await this.read();
        /** @type {HTMLElement | null} */ (this.body.querySelector(".noting textarea"))?.focus();
      } catch (error) {
        say(problem, moderation.wrong(error));
      }
    };
    return el("div", {}, el("ol", {}, ...notes.map(({ at, by, text: said }) => el("li", {}, el("span.label", {}, el("span", {}, moderation.known.person(by)),
      el("span", {}, this.times.dated(new Date(at)))), el("span", { dir: "auto" }, said ?? "")))),
    el("form.noting", { onsubmit: add }, text, problem, el("button.do.plain.small", { type: "submit" }, words.say("add_note"))));
  }

  /** @param {any} decision */
  #decision({ verdict, by, at, reason, note }) {
    const { words, moderation } = this;
    const kind = verdict === "approve" ? "span.in" : "span.out";
    return el("li", {}, el("span.label", {}, el(kind, {}, words.say(`did.${verdict}`)),
      el("span", {}, `${this.times.dated(new Date(at))}, ${moderation.known.person(by)}`)), el("span", { dir: "auto" }, reason ?? note ?? ""));
  }

  /** @param {any} member */
  #acts(member) {
    const { words, moderation } = this;
    const place = el("div");
    const all = el("button.do.plain.small", { type: "button", onclick: () => moderation.open(`member:${member.id}`) }, words.say("all_comments"));
    const lift = el("button.do.plain.small", { type: "button", onclick: () => moderation.tried(this.#lift()) }, words.say("lift"));
    const buttons = ACTS.filter((act) => act !== "suspend" || !member.suspension).map((act) => {
      const button = el("button.do.plain.small", { type: "button", "aria-expanded": "false", onclick: () => moderation.tried(this.#form(act, member, place, button, buttons)) }, words.say(act));
      return button;
    });
    return el("div", {}, el("div.acts", {}, member.suspension && lift, ...buttons, all), place);
  }

  /** Open the form of an act, or close it. @param {string} act @param {any} member @param {HTMLElement} place
   * @param {HTMLElement} button @param {HTMLElement[]} buttons */
  async #form(act, member, place, button, buttons) {
    const open = button.getAttribute("aria-expanded") !== "true";
    for (const one of buttons) attr(one, "aria-expanded", String(open && one === button));
    if (!open) return place.replaceChildren();
    const { formOf } = await this.moderation.loaded(part("console/member_acts.js"));
    place.replaceChildren(formOf(this, act, member));
    /** @type {HTMLElement | null} */ (place.querySelector("select, input"))?.focus();
  }

  async #lift() {
    await this.moderation.calls.write("DELETE", `${this.path}/suspension`);
    await this.read();
  }
}

const SHORT = 140;

/** @param {string} text */
function short(text) {
  return text.length > SHORT ? `${text.slice(0, text.lastIndexOf(" ", SHORT) + 1 || SHORT)}…` : text;
}
