// The console at work: what is shown, what is in hand, and what a press does.

import { attr, el, say } from "../shared/dom.js";
import { Live } from "../shared/live.js";
import { part } from "../shared/part.js";
import { adopt } from "../shared/sheets.js";
import { wordsIn } from "../shared/words.js";
import { Calls } from "../shared/calls.js";
import { Failure } from "../shared/failure.js";
import { Decide } from "./decide.js";
import { Hands } from "./hands.js";
import { Keys, keyList } from "./keys.js";
import { Known, MINUTE_MS } from "./known.js";
import { Queue } from "./queue.js";
import { Rail } from "./rail.js";
import { Reasons } from "./reasons.js";
import { LISTS, titleOf, viewOf } from "./views.js";

/** @typedef {import("./item.js").Slip} Slip */

export class Moderation {
  /**
   * @param {HTMLElement} body
   * @param {object} given
   * @param {import("../shared/words.js").Words} given.words @param {string} given.site @param {string} given.called
   * @param {string} given.label Of the threads that are shown first.
   * @param {import("./signin.js").SignIn} given.signin @param {AbortSignal} given.signal
   */
  constructor(body, { words, site, called, label, signin, signal }) {
    Object.assign(this, { body, words, site, called, signin, signal, token: signin.token });
    this.calls = new Calls(site, this.token, signal);
    this.reasons = new Reasons(words);
    this.known = new Known(words, this.calls);
    this.place = "all";
    /** The label of the threads that are shown; empty for all of them. */
    this.label = label;
    /** The words that comments are searched for. */
    this.sought = "";
    /** @type {import("./acts.js").Acts | undefined} */
    this.acts = undefined;
    /** @type {import("./selection.js").Selection | undefined} */
    this.selection = undefined;
    /** Number of passages that were not found in their article, where that is known. @type {number | undefined} */
    this.lost = undefined;
    this.title = el("h1", { tabindex: "-1" }, words.say("to_decide"));
    this.done = el("span.end.label.done", { role: "status" });
    this.status = el("p.status", { role: "alert" });
    this.filters = el("div.filters");
    this.order = el("span.label.quiet");
    this.head = el("header", {}, this.title, this.order, this.filters, this.done);
    this.above = el("div");
    this.stage = el("div.stage");
    this.form = new Decide(this);
    this.hands = new Hands(this);
    this.several = el("div");
    this.queue = new Queue(this);
    this.rail = new Rail(this);
    /** @type {import("./member.js").Member | null} */
    this.member = null;
    this.aside = el("div.beside");
    this.main = el("div.queue", {}, this.head, signin.element, this.status, this.above, this.stage, this.several);
    const { queue, form } = this;
    const here = (/** @type {() => void} */ act) => () => queue.hand && !queue.hand.clash && !queue.hand.busy && act();
    this.keys = new Keys(body, words, signal, {
      j: () => this.tried(queue.walk(1)), k: () => this.tried(queue.walk(-1)),
      a: here(() => form.act("approve")), h: here(() => form.act("hold")), s: here(() => form.act("spam")), f: here(() => form.act("pick")),
      r: here(() => form.reasons(true)), x: here(() => queue.select(/** @type {Slip} */ (queue.hand), !queue.hand?.box.checked, false)),
      "Shift+x": here(() => queue.select(/** @type {Slip} */ (queue.hand), true, true)),
      "Shift+a": () => this.#several("approve"), "Shift+r": () => this.#several("reject"),
      z: () => this.tried(this.act((acts) => acts.undo())), m: () => this.showMember(), "?": () => this.keys.help(), Escape: () => this.#escape(),
      digit: (/** @type {number} */ number) => (this.selection?.asked ? this.selection.choose(number) : form.choose(number)),
    });
    this.live = new Live({
      address: () => this.calls.address("/moderation/feed"), after: "",
      frame: (kind) => kind === "queue.changed" && this.tried(this.changed()),
      changed: () => this.#streamed(),
      headers: async () => ({ Authorization: `Bearer ${await this.token.get()}` }),
    });
    this.stream = el("button.act.live", { type: "button", hidden: true, onclick: () => this.live.tell(this.live.state.paused ? "resume" : "pause") });
    this.who = el("span");
    body.append(
      el("header.bar", {}, el("b", {}, "Hansard"), el("span.site", { dir: "auto" }, called),
        el("span.end.label", {}, this.stream, this.who, el("button.act.keyhelp", { type: "button", onclick: () => this.keys.help() }, words.say("keys"), " ", el("kbd", { "aria-hidden": "true" }, "?")))),
      this.rail.element, this.main, this.aside, this.keys.dialog);
    this.rail.element.append(el("div.listed-keys", { "aria-hidden": "true" }, keyList(words)));
    const ticks = setInterval(() => queue.slips.forEach((slip) => slip.tick()), MINUTE_MS);
    signal.addEventListener("abort", () => {
      clearInterval(ticks);
      this.live.end();
      this.hands.end();
    });
  }

  /** Sign in, and show what waits. */
  async begin() {
    this.live.begin();
    if (await this.token.renew()) await this.signin.again();
    else this.signin.ask(this.signin.renewable && !window.opener ? "signed_out" : "sign_in");
  }

  /** Begin with a sign-in, or go on after one had run out. */
  signed() {
    const { claims } = this.token;
    say(this.who, claims.name ?? claims.sub ?? "");
    if (claims.sub && claims.name) this.known.people.set(claims.sub, claims.name);
    this.signin.announce();
    if (!claims.roles?.includes("moderator")) return say(this.status, this.words.say("no_moderator", { name: claims.name ?? "" }));
    say(this.status, "");
    this.live.tell("near");
    if (this.queue.view) this.tried(this.changed());
    else this.open("all");
  }

  /** Show one of the lists. @param {string} name @param {string} [sought] Words that comments are searched for. */
  open(name, sought = "") {
    this.place = name;
    this.sought = sought;
    this.rail.show(name);
    return this.tried(this.#open(name));
  }

  /** @param {string} name */
  async #open(name) {
    const { words } = this;
    const [kind, id] = name.split(/:(.*)/s);
    const list = LISTS[kind];
    const view = viewOf(this, name);
    say(this.title, titleOf(this, name));
    say(this.order, words.say(list?.oldest || view?.path === "/moderation/queue" ? "oldest_first" : "newest_first"));
    if (kind !== "comments") this.filters.replaceChildren();
    if (kind !== "thread") this.above.replaceChildren();
    this.stage.replaceChildren(...(list ? [] : [this.queue.element]));
    await this.queue.show(view ?? null);
    if (list) {
      // Whose comment it was is nobody's in this list.
      this.member?.element.remove();
      this.member = null;
    }
    const made = list && (await (await this.loaded(list.part())).shown(this, id, kind));
    if (this.place !== name) return;
    if (made) this.stage.replaceChildren(made);
    if (kind === "comments") await (await this.loaded(part("console/filters.js"))).filters(this, id ?? "");
    if (kind === "thread") this.above.replaceChildren(await (await this.loaded(part("console/thread.js"))).shown(this, id));
    await this.rail.read();
  }

  /** Show the threads with a label alone, or all of them. @param {string} label */
  labelled(label) {
    this.label = label;
    this.rail.draw();
    return this.open(this.place, this.sought);
  }

  /** Load a part, and with the first one the words and the styles of all of them. @template T @param {Promise<T>} part @returns {Promise<T>} */
  async loaded(part) {
    this.parts ??= Promise.all([wordsIn("console/later", this.words.language), adopt(this.body.getRootNode(), "console_parts")])
      .then(([later]) => Object.assign(this.words.all, later.all));
    this.parts.catch(() => (this.parts = undefined));
    await this.parts;
    return part;
  }

  /** Read the queue again: it changed. */
  async changed() {
    if (this.queue.waiting && this.queue.element.isConnected) await this.queue.refresh();
    await this.rail.read();
  }

  /** An item is in hand. @param {Slip | null} slip @param {boolean} passing The console came to it by itself. */
  inHand(slip, passing) {
    this.form.at(slip);
    this.hands.hold(slip, passing);
    if (!slip) return;
    const { thread, comment } = slip.item;
    if (comment.author) this.known.people.set(comment.author.id, comment.author.name);
    this.tried(this.policy(thread.id));
    if (matchMedia("(min-width: 70rem)").matches) this.tried(this.#beside(comment.author));
  }

  /** The reasons of a site come with the policy of any of its threads. @param {string} thread */
  policy(thread) {
    this.policed ??= this.calls.get(`/threads/${encodeURIComponent(thread)}/policy`).then((policy) => {
      this.reasons.take(policy);
      this.form.at(this.queue.hand);
    });
    this.policed.catch(() => (this.policed = undefined));
    return this.policed;
  }

  /** @param {any} author */
  async #beside(author) {
    const { Member } = await this.loaded(part("console/member.js"));
    if (!this.member) this.aside.append((this.member = new Member(this)).element);
    await this.member.show(author);
  }

  /** Show a member as a sheet, or go to where they are shown. @param {any} [author] By default that of the item in hand. */
  async showMember(author = this.queue.hand?.item.comment.author) {
    if (!author) return;
    const wide = matchMedia("(min-width: 70rem)").matches;
    await this.tried(this.#beside(author));
    if (!wide) this.member?.open();
    else /** @type {HTMLElement | null} */ (this.member?.element.querySelector("button:not(.only-narrow)"))?.focus();
  }

  /** Words for what failed. A defect of ours goes on to the console of the browser. @param {unknown} error */
  wrong(error) {
    const { words } = this;
    if (!(error instanceof Failure)) {
      if (!this.signal.aborted) console.error(error);
      return words.say("failed");
    }
    const { status, wait, problem } = error;
    if (status === 401) {
      this.signin.ask("signed_out");
      return words.say("signed_out_kept");
    }
    if (status === 429) return words.say("too_many", { n: wait || 1 });
    if (status === 0 || status >= 500) return words.say("not_reached");
    if (status === 403) return words.say("not_allowed");
    return words.say("refused", { why: problem.detail ?? "" });
  }

  /** Say so where something fails; the rest stays. @param {Promise<unknown>} work */
  tried(work) {
    return work.then(() => this.signin.element.hidden && say(this.status, ""), (error) => this.signal.aborted || say(this.status, this.wrong(error)));
  }

  /** Draw the selection again: it changed. */
  picked() {
    if (this.selection) this.selection.draw();
    else if (this.queue.selected.length) this.tried(this.#select());
  }

  async #select() {
    const { Selection } = await this.loaded(part("console/selection.js"));
    if (!this.selection) this.several.append((this.selection = new Selection(this)).element);
    this.selection.draw();
    return this.selection;
  }

  /** Ask about the selection, whose part may not be loaded yet. @param {"approve" | "reject"} what */
  #several(what) {
    if (!this.queue.selected.length) return;
    if (this.selection) this.selection.ask(what);
    else this.tried(this.keys.until(this.#select()).then((selection) => selection.ask(what)));
  }

  /** Act. What acts are done with is loaded for the first.
   * @template T @param {(acts: import("./acts.js").Acts) => Promise<T>} what @returns {Promise<T>} */
  async act(what) {
    if (!this.acts) {
      const { Acts } = await this.keys.until(this.loaded(part("console/acts.js")));
      this.acts ??= new Acts(this);
    }
    return what(/** @type {import("./acts.js").Acts} */ (this.acts));
  }

  #escape() {
    if (this.selection?.asked) this.selection.cancel();
    else if (this.form.slip && this.form.draft.open) this.form.reasons(false);
    else if (this.member?.element.classList.contains("open")) this.member.close();
    else this.queue.clear();
  }

  #streamed() {
    const { label } = this.live;
    this.stream.hidden = false;
    say(this.stream, this.words.say(label === "live" ? "live" : label === "paused" ? "paused" : "not_live"));
    this.stream.classList.toggle("off", label !== "live");
  }
}
