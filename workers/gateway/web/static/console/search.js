// Members by a name or an id, or those who are suspended; whom one chooses is shown beside, as the author of an item is.

import { attr, el, say } from "../shared/dom.js";
import { times } from "../shared/time.js";

const PAGE = 20;
/** Limits of the list of members: parameters of the call, by the key of their words. @type {Record<string, Record<string, any>>} */
const KINDS = { everyone: {}, suspended: { suspended: true }, "standing.trusted": { standing: "trusted" }, "standing.held": { standing: "held" } };

/** The search, as it was left. @param {import("./moderation.js").Moderation} moderation */
export function shown(moderation) {
  const search = (moderation.search ??= new Search(moderation));
  setTimeout(() => search.field.focus()); // once it is shown
  return search.element;
}

export class Search {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    const { words } = moderation;
    this.words = words;
    this.times = times(words.locale);
    /** The text that was searched for last. */
    this.sought = "";
    this.kind = "everyone";
    /** @type {string | null} */
    this.next = null;
    this.busy = false;
    this.field = /** @type {HTMLInputElement} */ (el("input", { type: "search", name: "q", maxlength: "120", dir: "auto", autocomplete: "off", spellcheck: "false",
      oninput: () => moderation.tried(this.seek()) }));
    this.kinds = Object.keys(KINDS).map((kind) => el("button.act", { type: "button", value: kind, "aria-pressed": String(kind === this.kind), onclick: () => this.limit(kind) }, words.say(kind)));
    this.found = el("div.slips");
    this.none = el("p.nothing", { role: "status" });
    this.more = el("button.more", { type: "button", hidden: true, onclick: () => moderation.tried(this.read()) }, words.say("more"));
    this.element = el("form.search.listed", { role: "search", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      moderation.tried(this.seek());
    } }, el("label.field", {}, el("span", {}, words.say("name_or_id")), this.field), el("div.statuses", {}, ...this.kinds), this.found, this.none, this.more);
  }

  /** Show one kind of members alone. @param {string} kind */
  limit(kind) {
    this.kind = kind;
    for (const button of this.kinds) attr(button, "aria-pressed", String(button.getAttribute("value") === kind));
    this.next = null;
    this.moderation.tried(this.read(true));
  }

  /** Search for what is typed now. One call is made at a time: what is typed meanwhile is searched for after it. */
  async seek() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.field.value.trim() !== this.sought) {
        this.sought = this.field.value.trim();
        this.next = null;
        await this.read(true);
      }
    } catch (error) {
      this.sought = "";
      throw error;
    } finally {
      this.busy = false;
    }
  }

  /** Read what follows, or from the beginning. @param {boolean} [first] */
  async read(first = false) {
    const { sought, kind, moderation, words } = this;
    const query = { ...KINDS[kind], q: sought || null, limit: PAGE };
    const asked = sought || kind !== "everyone";
    /** @type {any[]} */
    const found = [];
    let { next } = this;
    // A page may be short, or empty, and have more behind it.
    if (asked) {
      do {
        const page = await moderation.calls.get("/members", { ...query, cursor: next });
        if (sought !== this.sought || kind !== this.kind) return;
        found.push(...page.members);
        next = page.next;
      } while (next && found.length < PAGE);
    } else next = null;
    const rows = found.map((one) => this.#row(one));
    if (first) this.found.replaceChildren(...rows);
    else this.found.append(...rows);
    if (this.more.matches(":focus")) rows[0]?.querySelector("button").focus();
    this.next = next;
    this.more.hidden = !next;
    say(this.none, asked && !next && !this.found.firstChild ? words.say("nobody_found") : "");
  }

  /** @param {any} member */
  #row({ id, name, suspension, comments, standing }) {
    const { words, moderation } = this;
    const { published, rejected, pending } = comments;
    const counts = [["published", published], ["rejected", rejected], ["waiting", pending]].map(([kind, n]) => `${words.say(`count.${kind}`)} ${words.number(n)}`);
    const until = suspension?.until;
    const shown = () => {
      moderation.known.people.set(id, name ?? id);
      moderation.showMember({ id, name: name ?? id, badges: [] });
    };
    const facts = [
      suspension && (until ? words.say("suspended_until", { date: this.times.longDate(new Date(until)) }) : words.say("suspended_for_good")),
      standing && standing !== "usual" && words.say(`standing.${standing}`)].filter(Boolean).join(" ");
    return el("article.slip.plain", {}, el("span"), el("span"), el("div.what", {},
      el("button.act", { type: "button", onclick: () => shown() }, el("b", { dir: "auto" }, name ?? id)),
      el("p.label", {}, [id, ...counts].join(" · ")), facts && el("p.why.flag", {}, facts)));
  }
}
