/** Calls of the API about one thread, with the token of the caller or without one. */

import { Failure } from "../shared/failure.js";

const KEPT = 30;

export class Calls {
  /** @param {string} site @param {string} thread
   * @param {{token: () => Promise<string | null>, arrive: () => Promise<void>}} caller */
  constructor(site, thread, caller) {
    this.base = new URL(`/v1/sites/${encodeURIComponent(site)}/threads/${encodeURIComponent(thread)}`, import.meta.url);
    this.caller = caller;
    /** @type {Map<string, Promise<any>>} */
    this.kept = new Map();
  }

  /** The address of a call. @param {string} path @param {Record<string, any>} [query] */
  address(path, query = {}) {
    const url = new URL(this.base.href + path);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  /** Read a document. Raises Failure.
   * @param {string} path @param {Record<string, any>} [query] @param {AbortSignal} [signal] @returns {Promise<any>} */
  async get(path, query, signal) {
    const token = await this.caller.token();
    let answer = await this.#ask(path, query, token, signal);
    if (answer.status === 401 && token) {
      await this.caller.arrive(); // the token was withdrawn, or the clocks differ
      const other = await this.caller.token();
      if (other !== token) answer = await this.#ask(path, query, other, signal);
    }
    if (!answer.ok) throw new Failure(answer.status, await answer.json().catch(() => ({})));
    return answer.json();
  }

  /** @param {string} path @param {any} query @param {string | null} token @param {AbortSignal} [signal] */
  #ask(path, query, token, signal) {
    const headers = /** @type {Record<string, string>} */ (token ? { Authorization: `Bearer ${token}` } : {});
    return fetch(this.address(path, query), { headers, signal, credentials: "omit" });
  }

  /** The same, kept for the next time it is asked. What failed is asked again.
   * @param {string} path @param {Record<string, any>} query */
  recall(path, query) {
    const key = this.address(path, query).href;
    let found = this.kept.get(key);
    if (found) this.kept.delete(key);
    else {
      found = this.get(path, query);
      found.catch(() => this.kept.delete(key));
    }
    this.kept.set(key, found);
    if (this.kept.size > KEPT) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    return found;
  }

  /** The page as it stood at a position. @param {string} at */
  page(at) {
    return this.recall("", { at, ...WHOLE });
  }

  /** Add what the page, or one parent, still has. @param {any} page @param {any} row A parent, or null.
   * @param {string} at @param {AbortSignal} [signal] */
  async more(page, row, at, signal) {
    const list = row ? row.replies : page;
    const [path, query] = row ? [`/comments/${row.id}/replies`, { limit: 200, depth: 50 }] : ["", WHOLE];
    const answer = await this.get(path, { ...query, at, cursor: list.next }, signal);
    list.comments.push(...answer.comments);
    list.next = answer.next;
  }

  /** The page with everything that its answer leaves out. @param {string} at @param {AbortSignal} signal */
  async whole(at, signal) {
    const page = await this.get("", { at, ...WHOLE }, signal);
    const fill = async (/** @type {any} */ row) => {
      while (row.replies.next) await this.more(page, row, at, signal);
      for (const reply of row.replies.comments) await fill(reply);
    };
    while (page.next) await this.more(page, null, at, signal);
    for (const row of page.comments) await fill(row);
    return page;
  }

  /** The part of a comment hidden from readers that staff may read: as it is now, with the text of then.
   * @param {string} comment @param {number | null} revision null for the last one of then @param {number} time */
  async hidden(comment, revision, time) {
    const [{ comment: row }, { revisions }] = await Promise.all([
      this.recall(`/comments/${comment}`, {}), this.recall(`/comments/${comment}/revisions`, { limit: 200 })]);
    const then = (/** @type {any} */ one) => (revision ? one.revision === revision : Date.parse(one.at) <= time);
    const { body, html, status, revision: number } = revisions.findLast(then) ?? revisions[0];
    return { ...row, body, html, unknown: status === "unknown", revision: number, replies: { count: 0, comments: [], next: null } };
  }

  /** The line of a comment that the page does not reach: its ancestors, each with the next one as its only reply.
   * @param {string} comment @param {string} at */
  async line(comment, at) {
    const { ancestors, comment: row } = await this.recall(`/comments/${comment}`, { at });
    return ancestors.reduceRight((/** @type {any} */ below, /** @type {any} */ above) => ({
      ...above, replies: { count: 1, comments: [below], next: null },
    }), row);
  }
}

const WHOLE = { sort: "oldest", limit: 200, replies: 200, depth: 50 };
