// Writing: who is asking, what they may do, and the field. Loaded when the section of an open discussion comes near.

import { part } from "../shared/part.js";
import { attr, el, on, say } from "../shared/dom.js";
import { Calls } from "../shared/calls.js";
import { Failure } from "../shared/failure.js";
import { adopt } from "../shared/sheets.js";
import { times } from "../shared/time.js";
import { Token, tokenAt } from "../shared/token.js";
import { wordsIn } from "../shared/words.js";

/** Milliseconds between two looks at what waits for a moderator. */
const LOOK_MS = 30_000;

/** @typedef {import("./composer.js").Composer} Composer @typedef {Record<string, any>} Row */

export class Writing {
  /** @param {import("./discussion.js").Discussion} discussion */
  constructor(discussion) {
    this.discussion = discussion;
    const { element, signal, api, section } = discussion;
    this.element = element;
    this.signal = signal;
    /** The place of the field. The gateway reserves it where anyone may write. @type {HTMLElement} */
    this.place = section.querySelector(":scope > .writing") ?? el("div.writing");
    if (!this.place.isConnected) section.querySelector(":scope > .told").before(this.place);
    this.token = new Token(async () => (element.token ? element.token() : tokenAt(element.getAttribute("token-url"))));
    this.calls = new Calls(api.siteId, this.token, signal);
    this.path = `/threads/${encodeURIComponent(api.threadId)}`;
    /** @type {import("./draft.js").Drafts} */
    this.drafts;
    /** The caller's overlay of this discussion. @type {any} */
    this.me = null;
    /** @type {any} */
    this.policy = null;
    /** Milliseconds by which the server's clock is ahead of this one. */
    this.ahead = 0;
    /** By the name of their target. @type {Map<string, Composer>} */
    this.composers = new Map();
    this.timer = 0;
    on(signal, "abort", () => clearTimeout(this.timer));
    on(document, "visibilitychange", () => document.visibilityState === "visible" && this.looked(), { signal });
  }

  /** True if the page around the section has a source of tokens. */
  get asks() {
    return Boolean(this.element.token || this.element.getAttribute("token-url"));
  }

  /** The time of the server, in milliseconds since 1970. */
  get now() {
    return Date.now() + this.ahead;
  }

  async begin() {
    const { discussion } = this;
    const [words, policy] = await Promise.all([
      wordsIn("words/write", discussion.words.language), discussion.api.policy(), this.asks ? this.token.renew() : null,
      adopt(discussion.section.getRootNode(), "write")]);
    this.signal.throwIfAborted();
    this.words = words;
    this.policy = policy;
    if (this.token.held) await this.read();
    this.signal.throwIfAborted();
    const [{ Acts }, { Composer, Drafts, offers, posting }] = await Promise.all([part("section/acts.js"), part("section/composer.js")]);
    this.signal.throwIfAborted();
    Object.assign(this, { Composer, offers, posting });
    this.drafts = new Drafts(discussion.api.thread.pathname, this.element.hasAttribute("remember"));
    this.acts = new Acts(this);
    this.draw();
    await this.own();
    await this.staff();
  }

  /** Read what only the caller may know. @param {string} [after] A position that it must include. */
  async read(after) {
    const me = await this.calls.get(`${this.path}/me`, { after }).catch((error) => {
      if (error instanceof Failure && error.status === 401) return null;
      throw error;
    });
    this.me = me;
    if (me?.now) this.ahead = Date.parse(me.now) - Date.now();
    this.tell();
    clearTimeout(this.timer);
    if (me && [...me.pending, ...me.rejected].length) this.timer = setTimeout(() => this.looked(), LOOK_MS);
  }

  /** Look again at what waits: readers are told of none of it, so no feed tells of it. */
  async looked() {
    if (!this.me || document.visibilityState !== "visible") return;
    try {
      await this.read();
      await this.own();
      this.acts?.draw();
    } catch (error) {
      if (!(error instanceof Failure) && !this.signal.aborted) throw error;
      // The next look follows.
    }
  }

  /** Show the caller's own comments that readers do not see. */
  async own() {
    const { me } = this;
    if (!me || (!this.mine && ![...me.pending, ...me.rejected, ...(me.withdrawn ?? [])].length)) return;
    const { Mine } = await part("section/mine.js");
    this.signal.throwIfAborted();
    this.mine ??= new Mine(this, await this.discussion.rendering());
    this.mine.show();
  }

  /** The part for moderators; null for other callers. @returns {Promise<any>} */
  async staff() {
    if (!this.me?.caller?.roles?.includes("moderator")) return null;
    this.moderating ??= part("section/staff.js").then(({ staff }) => staff(this));
    this.moderating.catch(() => (this.moderating = undefined));
    return this.moderating;
  }

  /** The list was made again: put into it what stood in it. */
  put() {
    this.mine?.put();
    for (const [name, { closed, element }] of this.composers) {
      const li = this.discussion.rows.items.get(name.split(/:(.*)/s)[1]);
      if (li && !closed && !element.isConnected) this.discussion.rows.article(li).after(element);
    }
  }

  /** A row that the feed brings is one of the caller's own, and stands where it belongs. @param {Row} row @returns {boolean} */
  published(row) {
    return this.mine?.published(row) ?? false;
  }

  /** Tell the page who may write. */
  tell() {
    const refusal = this.me?.refusals?.comment ?? null;
    const slug = refusal && String(refusal.type).split("/").pop();
    this.send("hansard:state", { signedIn: Boolean(this.me), name: this.me?.caller?.name ?? null, refusal: slug });
  }

  /** Send an event to the page around. @param {string} name @param {any} detail @returns {boolean} Whether what usually follows is to follow. */
  send(name, detail = {}) {
    return this.element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  /** True if the discussion takes texts: neither staff nor its age has closed it. */
  get open() {
    const { me, policy, discussion } = this;
    const aged = me ? me.refusals?.comment?.because === "age" : Date.parse(policy.closes_at) <= this.now;
    return discussion.section.dataset.status === "open" && !aged;
  }

  /** Draw what stands where one writes: a notice, an offer, or the field. */
  draw() {
    const { me, policy, place, words } = this;
    const parts = [];
    const banner = policy.banner?.[words.language] ?? Object.values(policy.banner ?? {})[0];
    if (banner) parts.push(el("div.note.banner", {}, el("p", { dir: "auto" }, banner)));
    const refusal = me?.refusals?.comment;
    const slug = String(refusal?.type ?? "").split("/").pop();
    if (slug === "suspended") parts.push(this.offers.suspended(this, refusal));
    else if (slug === "warning-open") parts.push(this.offers.warned(this));
    else if (slug === "not-entitled") parts.push(this.offers.offer(this, refusal.needs));
    else if (this.open && !slug && (me || policy.comment !== "nobody")) parts.push(...this.#field());
    else if (this.discussion.section.dataset.status === "open" && (!slug || slug === "thread-closed")) parts.push(el("p.say", {}, words.say("closed")));
    place.replaceChildren(...parts);
    attr(place, "data-drawn", true);
    for (const target of this.drafts.targets) if (target !== "new") this.acts.resume(target);
  }

  /** @returns {Node[]} */
  #field() {
    const { words, policy, me } = this;
    const name = me?.caller?.name;
    const composer = this.composer({
      name: "new",
      label: name ? words.say("add_as", { name }) : words.say("add"),
      send: (body, key) => this.calls.write("POST", `${this.path}/comments`, { body, ...this.posting.opening(this) }, key),
      sent: (answer) => this.posting.posted(this, answer),
    });
    const condition = !me && policy.comment === "entitled" && el("p.cond", { id: "w-cond" }, this.offers.condition(words, policy.entitlement), " ", this.signing(), " · ", this.offers.subscribing(this, "button.act", policy.entitlement));
    if (condition) attr(composer.area, "aria-describedby", "w-cond w-new-h");
    composer.hint.replaceChildren(...this.hint(policy.comment));
    this.guests(composer, policy.comment);
    return [condition, composer.element].filter((one) => one instanceof Node);
  }

  /** The line below a field: staying on the record, or signing in later. @param {string} who Who may write in it, by the policy.
   * @returns {(Node | string)[]} */
  hint(who) {
    const { words, policy, me } = this;
    const rules = policy.rules_url ? [" ", el("a", { href: policy.rules_url, target: "_blank", rel: "noopener" }, words.say("rules"))] : [];
    if (me?.caller?.kind === "guest") return [words.say("shown_as", { name: me.caller.name }), ...rules];
    return [words.say(me || who === "entitled" ? "on_record" : policy.guests && who === "anyone" ? "as_guest" : "sign_in_later"), ...rules];
  }

  signing() {
    return el("button.act", { type: "button", onclick: () => this.leave("hansard:signin", "signin") }, this.words.say("sign_in"));
  }

  /** Leave for a page of the publication, unless the page around does something else. Drafts are found again there.
   * @param {string} event @param {string} attribute @param {any} [detail] */
  leave(event, attribute, detail) {
    this.composers.forEach((one) => one.save());
    this.drafts.carry();
    const address = this.element.getAttribute(attribute);
    if (this.send(event, detail) && address) location.assign(new URL(address, location.href));
  }

  /** The sign-in has run out, or there is none. What is written stays. @param {Composer} composer */
  signIn(composer) {
    composer.fail(this.words.say("not_posted"), this.words.say("signed_out"), " ", this.signing());
    composer.save();
  }

  /** A field, with its draft. @param {import("./composer.js").Target} target */
  composer(target) {
    this.composers.get(target.name)?.save();
    const made = new this.Composer(this, target);
    this.composers.set(target.name, made);
    return made;
  }

  /** Offer to write as a guest, where guests may write. @param {Composer} composer @param {string} who Who may, by the policy. */
  async guests(composer, who) {
    if (this.me || !this.policy.guests || who !== "anyone") return;
    const { Guest } = await part("section/guest.js");
    if (this.signal.aborted) return;
    this.guest ??= new Guest(this);
    this.guest.show(composer);
  }

  /** True if there is a sign-in to post with. Otherwise asks for one. @param {Composer} composer */
  async mayPost(composer) {
    if (await this.token.get()) {
      if (!this.me) await this.signed();
      return true;
    }
    if (this.guest) return this.guest.enter(composer);
    this.signIn(composer);
    this.leave("hansard:signin", "signin");
    return false;
  }

  /** Read the overlay after a sign-in. */
  async signed() {
    await this.read().catch(() => {}); // the next read follows
    this.acts.draw();
    await this.own();
  }

  /** Forget the caller after a sign-out. */
  signedOut() {
    this.token.take(null);
    this.guest?.forget();
    this.me = null;
    this.mine?.clear();
    this.acts?.draw();
    if (this.policy) this.draw();
    this.tell();
  }

  /** Why something was refused, in words. @param {Failure} failure */
  refusal({ slug, problem }) {
    const { words } = this;
    const key = `problem.${slug}`;
    if (!words.all[key]) return problem.detail ?? words.say("refused");
    const until = problem.until ? times(words.locale).longDate(new Date(problem.until)) : "";
    return words.say(key, { until, needs: problem.needs ?? "" });
  }

  /** "21:14" @param {number} at */
  clock(at) {
    return times(this.words.locale).clock(new Date(at));
  }
}
