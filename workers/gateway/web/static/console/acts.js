// Acts of a moderator: decide on one item or on several, undo the last act, and say what others did in between.

import { attr, el, say } from "../shared/dom.js";
import { Calls } from "../shared/calls.js";
import { Failure } from "../shared/failure.js";
import { keyed } from "../shared/keyed.js";

/** @typedef {import("./item.js").Slip} Slip @typedef {{code: string | null, reason: string, note: string}} Given */
/** @typedef {"approve" | "hold" | "reject" | "spam" | "pick"} Act */
/** @typedef {{batch: string, writes: [string, string][], text: string}} Done `writes`: methods and paths that undo what is in no batch. */

export class Acts {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    /** The last act, for as long as it can be undone. @type {Done | null} */
    this.last = null;
    /** The last decision on one, until it is done; false if nothing was decided. @type {Promise<boolean> | null} */
    this.doing = null;
    /** The heading of what imports brought. @type {HTMLElement | undefined} */
    this.late = undefined;
  }

  /** Decide on an item. What was typed stays until the decision is acknowledged.
   * @param {Slip} slip @param {Act} act @param {Given | null} given */
  async decide(slip, act, given) {
    if (slip.busy) return;
    slip.busy = true;
    attr(slip.element, "aria-busy", "true");
    const doing = (this.doing = this.#decided(slip, act, given));
    try {
      await doing;
    } finally {
      slip.busy = false;
      attr(slip.element, "aria-busy", null);
      if (this.doing === doing) this.doing = null;
    }
    this.moderation.tried(this.moderation.rail.read());
  }

  /** @param {Slip} slip @param {Act} act @param {Given | null} given */
  async #decided(slip, act, given) {
    const { words, calls, form, queue } = this.moderation;
    const { comment, thread, revision, published } = slip.item;
    const path = Calls.comment(thread.id, comment.id);
    const body = { ...verdictOf(act, given), revision, status: comment.status };
    const picked = act === "pick";
    const stands = picked && comment.status === "published" && revision === published?.revision;
    form.fail("");
    try {
      // Where only the pick failed, the approval stands.
      if (!stands && !(picked && slip.approved)) slip.approved = (await calls.write("POST", `${path}/decisions`, body)).batch;
      if (picked) await calls.write("PUT", `${path}/featured`);
    } catch (error) {
      await this.#failed(slip, error);
      return false;
    }
    form.drafts.delete(slip.key);
    this.did({ batch: stands ? "" : slip.approved, writes: picked ? [["DELETE", `${path}/featured`]] : [], text: words.say("did_one", { verdict: words.say(`did.${act}`), name: slip.name }) });
    slip.approved = "";
    if (queue.waiting) await queue.remove([slip], act !== "hold" && !stands);
    else await this.moderation.tried(queue.refresh());
    return true;
  }

  /** Decide on all that is selected. Those that are refused say why, and stay selected where they still wait.
   * @param {Act} act @param {Given | null} given */
  async decideAll(act, given) {
    const { words, calls, form, queue, rail, status } = this.moderation;
    const slips = queue.selected;
    const verdict = verdictOf(act, given);
    const decisions = slips.map(({ item }) => ({ thread: item.thread.id, comment: item.comment.id, revision: item.revision, status: item.comment.status, ...verdict }));
    const { batch, results } = await calls.write("POST", "/moderation/decisions", { decisions });
    const done = slips.filter((_, index) => !results[index].problem);
    for (const [index, { problem }] of results.entries()) {
      const clash = problem && this.#clash(problem);
      if (clash) this.#settled(slips[index], clash);
      else if (problem) slips[index].refused(words.say("not_done", { why: problem.detail }));
      else form.drafts.delete(slips[index].key);
    }
    if (done.length) this.did({ batch, writes: [], text: words.say("did_many", { verdict: words.say(`did.${act}`), n: done.length }) });
    await queue.remove(done, act !== "hold");
    const n = slips.length - done.length;
    say(status, n ? words.say("some_failed", { n }) : "");
    this.moderation.tried(rail.read());
  }

  /** Undo the last act, exactly. An item with a later act is left as it is, and counted. */
  async undo() {
    // A decision that is on its way is the last act. If it fails, no earlier one is meant.
    if ((await this.doing) === false) return;
    const { last } = this;
    if (!last) return;
    const { words, calls, queue, done, rail } = this.moderation;
    this.did(null);
    try {
      for (const [method, path] of last.writes) await calls.write(method, path);
      const { results } = last.batch ? await calls.write("POST", `/moderation/batches/${encodeURIComponent(last.batch)}/reversal`) : { results: [] };
      const undone = results.filter((/** @type {any} */ one) => !one.problem);
      const n = results.length - undone.length;
      say(done, n ? words.say("undone_but", { n }) : words.say("undone"));
      if (undone.some((/** @type {any} */ one) => one.member)) this.moderation.tried(Promise.resolve(this.moderation.member?.read()));
      await queue.restore(new Set(undone.map((/** @type {any} */ one) => `${one.thread} ${one.comment}`)));
    } catch (error) {
      this.did(last);
      throw error;
    } finally {
      this.moderation.tried(rail.read());
    }
  }

  /** An item waits no longer: say why. @param {Slip} slip */
  async explain(slip) {
    const { words, calls, queue, form } = this.moderation;
    const { thread, comment } = slip.item;
    const found = await calls.get(Calls.comment(thread.id, comment.id)).catch((error) => {
      if (error instanceof Failure && error.status === 404) return null;
      throw error;
    });
    const { status = "", moderation = null } = found?.comment ?? {};
    const verdict = { published: "approve", rejected: "reject", pending: "hold" }[status];
    slip.settled(verdict && moderation?.by ? this.#clash({ decided: { verdict, ...moderation } }) : words.say("waits_no_longer"));
    if (queue.hand === slip) form.at(slip);
  }

  /** Put what imports brought below all else, under a heading. Nothing moves while one of it is in hand.
   * Unknown texts are told to be so. */
  imported() {
    const { queue, words } = this.moderation;
    const late = (/** @type {Slip} */ { item }) => Number(Boolean(item.import));
    if (!queue.hand || !late(queue.hand)) {
      queue.slips.sort((one, other) => late(one) - late(other));
      keyed(queue.list, queue.slips, ({ key }) => key, ({ element }) => element);
    }
    for (const slip of queue.slips.filter(({ item }) => item.comment.unknown && item.comment.body === null)) {
      slip.item.comment.body = words.say("unknown");
      slip.draw();
    }
    this.late ??= el("h2.label.late", {}, words.say("imported"));
    queue.slips.find(late)?.element.before(this.late);
  }

  /** Pin a comment, or no longer. @param {Slip} slip */
  async pin(slip) {
    const { words, calls, queue } = this.moderation;
    const { comment, thread } = slip.item;
    const path = `${Calls.comment(thread.id, comment.id)}/pinned`;
    const [to, from] = comment.pinned ? ["DELETE", "PUT"] : ["PUT", "DELETE"];
    await calls.write(to, path);
    this.did({ batch: "", writes: [[from, path]], text: words.say("did_one", { verdict: words.say(comment.pinned ? "did.unpin" : "did.pin"), name: slip.name }) });
    slip.update({ ...slip.item, comment: { ...comment, pinned: !comment.pinned } });
    slip.element.focus();
  }

  /** Say what was done, and offer to undo it. @param {Done | null} act */
  did(act) {
    this.last = act;
    const { done, words } = this.moderation;
    if (!act) return done.replaceChildren();
    const undo = el("button.act", { type: "button", onclick: () => this.moderation.tried(this.undo()) }, words.say("undo"), " ", el("kbd", { "aria-hidden": "true" }, "Z"));
    done.replaceChildren(el("b", {}, act.text), " ", undo);
  }

  /** A decision was refused. @param {Slip} slip @param {unknown} error */
  async #failed(slip, error) {
    const { words, queue, form } = this.moderation;
    const fail = (/** @type {string} */ sentence) => (queue.hand === slip ? form.fail(sentence) : slip.refused(sentence));
    if (!(error instanceof Failure) || (error.status !== 409 && error.status !== 404)) return fail(this.moderation.wrong(error));
    const clash = error.status === 404 ? words.say("gone") : this.#clash(error.problem);
    if (clash) {
      this.#settled(slip, `${clash} ${words.say("nothing_sent")}`);
      return form.at(queue.hand);
    }
    await this.moderation.tried(queue.refresh());
    const stale = error.slug === "stale-revision" || error.slug === "stale-status";
    fail(words.say(stale ? "edited_meanwhile" : "refused", { why: error.problem.detail ?? "" }));
    if (queue.hand === slip && !form.draft.open) slip.element.focus();
  }

  /** An item was decided elsewhere. The views may have it for a moment. @param {Slip} slip @param {string} clash */
  #settled(slip, clash) {
    this.moderation.queue.leaves(slip);
    slip.settled(clash);
  }

  /** The sentence about another moderator's decision in between; empty where there is none. @param {any} problem */
  #clash({ decided }) {
    if (!decided) return "";
    const { moderation } = this;
    const { verdict, by, at, reason } = decided;
    return moderation.words.say(reason ? "clash_because" : "clash", {
      verdict: moderation.words.say(`did_it.${verdict}`), name: moderation.known.person(by), ago: moderation.known.ago(at), reason: reason ?? "",
    });
  }
}

/** @param {Act} act @param {Given | null} given */
function verdictOf(act, given) {
  if (act === "spam") return { verdict: "reject", spam: true };
  const { code = null, reason = "", note = "" } = given ?? {};
  return { verdict: act === "pick" ? "approve" : act, ...(code && { code }), ...(reason && { reason }), ...(note && { note }) };
}
