/**
 * Kinds of events: what a mark of the strip stands for, and the sort under which the record counts it. Pure.
 *
 * @typedef {"open" | "post" | "edit" | "rep" | "out" | "in" | "hold" | "vote" | "other"} Kind
 */

/** The sorts that a part of the record counts, in the order of the table. */
export const SORTS = /** @type {const} */ (["opened", "posted", "edited", "reported", "decided", "votes"]);

/** @type {Record<string, Kind>} */
const KINDS = {
  "comment.posted": "post",
  "comment.edited": "edit",
  "comment.featured": "edit",
  "comment.unfeatured": "edit",
  "comment.pinned": "edit",
  "comment.unpinned": "edit",
  "report.filed": "rep",
  "notice.filed": "rep",
  "comment.rejected": "out",
  "comment.withdrawn": "out",
  "revision.redacted": "out",
  "comment.approved": "in",
  "comment.restored": "in",
  "comment.held": "hold",
  "comment.screened": "other",
  "decision.reversed": "hold",
  "removal.requested": "other",
  "removal.cancelled": "other",
  "removal.refused": "other",
  "statement.told": "other",
  "appeal.filed": "rep",
  "appeal.decided": "other",
  "vote.cast": "vote",
  "vote.retracted": "vote",
  "vote.voided": "vote",
  "vote.restored": "vote",
  "votes.brought": "vote",
  "votes.counted": "vote",
  "author.reassigned": "other",
  "event.skipped": "other",
  unreadable: "other",
};

/** @type {Record<Kind, typeof SORTS[number]>} */
const SORT_OF = {
  open: "opened", post: "posted", edit: "edited", rep: "reported", other: "decided", out: "decided", in: "decided",
  hold: "decided", vote: "votes",
};

/** The kind of an event of this type. A type that is not known here is of the thread as a whole.
 * @param {string} type
 * @returns {Kind} */
export function kindOf(type) {
  return KINDS[type] ?? "open";
}

/** The sort of a kind. @param {Kind} kind */
export function sortOf(kind) {
  return SORT_OF[kind];
}

/** The kind that stands for a sort where nothing else is known. @param {string} sort @returns {Kind} */
export function kindOfSort(sort) {
  return /** @type {Kind} */ (Object.keys(SORT_OF).find((kind) => SORT_OF[/** @type {Kind} */ (kind)] === sort));
}
