/** Rows for staff besides the page then: those that readers did not see at the moment, and those that are gone now. */

import { Failure } from "../shared/failure.js";
import { timeOf } from "./numbers.js";
import { isWhole, rowsOf } from "./then.js";

/** @typedef {import("./sentences.js").Event} Event */

/** Comments that one moment asks for by themselves. */
const MOST_ASKED = 20;
/** The status of a comment right after an event, where readers do not see it. @type {Record<string, string>} */
const STATUS = { "comment.rejected": "rejected", "comment.withdrawn": "withdrawn" };

export class Gone {
  /**
   * @param {import("./calls.js").Calls} calls
   * @param {import("./caller.js").Caller} caller
   * @param {import("./names.js").Names} names
   */
  constructor(calls, caller, names) {
    Object.assign(this, { calls, caller, names });
    /** @type {Map<string, any> | null} For staff, the rows as they are now; null before they are read. */
    this.now = null;
  }

  /** Read the rows as they are now. @param {string} last Position of the last event. */
  async read(last) {
    if (!this.caller.staff) return;
    this.now = rowsOf(await this.calls.page(last));
    this.names.rows(this.now.values());
  }

  /** Ask for the rows of then that are not on the page now: what became of them. Of many, for the first ones.
   * @param {any} page @returns {Promise<boolean>} whether anything was learnt */
  async ask(page) {
    const { now } = this;
    if (!now) return false;
    const asked = [...rowsOf(page).values()].filter((row) => row.author && !now.has(row.id)).slice(0, MOST_ASKED);
    await Promise.all(asked.map(async ({ id }) => now.set(id, (await this.calls.get(`/comments/${id}`)).comment)));
    return asked.length > 0;
  }

  /** Add the row that an event is about, where the page leaves it out, or shows a tombstone to staff.
   * @param {Event} event @param {any} page */
  async complete(event, page) {
    const { comment, revision, position, type } = event;
    const row = rowsOf(page).get(comment);
    const absent = (/** @type {unknown} */ error) => {
      if (error instanceof Failure && error.status === 404) return null; // not shown to this caller, or not then
      throw error;
    };
    const line = row || isWhole(page) ? null : await this.calls.line(comment, position).catch(absent);
    const asked = !line && this.caller.staff;
    const hidden = asked ? await this.calls.hidden(comment, revision ?? null, timeOf(event)).catch(absent) : null;
    if (hidden) this.names.rows([hidden]);
    if (row) row.hidden = hidden;
    else if (line) page.comments.unshift(line);
    else if (hidden) page.comments.unshift({ ...hidden, hidden, status: STATUS[type] ?? "pending" });
  }

  /** Show what a tombstone hides. @param {any} row @param {Event} event the moment */
  async unhide(row, event) {
    row.hidden = await this.calls.hidden(row.id, null, timeOf(event));
  }
}
