// The places of the console by name: lists of comments that are decided on, and lists that have their own part.

import { part } from "../shared/part.js";

/** @typedef {import("./queue.js").View} View @typedef {import("./moderation.js").Moderation} Moderation */
/** A list with its own part: whether the oldest comes first, and its part, whose `shown` makes it.
 * @typedef {{oldest?: boolean, part: () => Promise<any>}} List */

export const STATUSES = ["published", "pending", "rejected", "withdrawn"];
/** Keys of the titles of places that have another name than their title. @type {Record<string, string>} */
const TITLES = { pending: "waiting", reported: "reports", mine: "set_aside_by_me", comments: "all_comments", anchors: "passages", words: "word_lists" };

/** @type {Record<string, List>} */
export const LISTS = {
  removals: { oldest: true, part: () => part("console/removals.js") },
  appeals: { oldest: true, part: () => part("console/appeals.js") },
  legal: { oldest: true, part: () => part("console/notices.js") },
  today: { part: () => part("console/lists.js") },
  by_me: { part: () => part("console/lists.js") },
  anchors: { part: () => part("console/lists.js") },
  members: { part: () => part("console/search.js") },
  words: { part: () => part("console/word_lists.js") },
  figures: { part: () => part("console/figures.js") },
  votes: { part: () => part("console/votes.js") },
};

/** The list of comments of a name, such as `all`, `reported` or `thread:night-train`; undefined where it is another list.
 * @param {Moderation} moderation @param {string} name @returns {View | undefined} */
export function viewOf(moderation, name) {
  const [kind, id] = name.split(/:(.*)/s);
  const label = moderation.label || null;
  /** @type {Record<string, any> | undefined} */
  const query = { all: {}, pending: { state: "pending" }, reported: { state: "reported" }, mine: { by: moderation.token.claims.sub }, thread: { thread: id } }[kind];
  if (query) return { name, path: "/moderation/queue", query: { label, ...query }, items: (answer) => answer.items };
  if (kind === "comments" || kind === "member") {
    const status = STATUSES.includes(id) ? id : null;
    const given = kind === "member" ? { member: id } : { status, label, q: moderation.sought || null };
    return { name, path: "/moderation/comments", query: given, items: (answer) => Promise.all(answer.comments.map((/** @type {any} */ row) => asItem(moderation, row))) };
  }
  return undefined;
}

/** The title of a place. @param {Moderation} moderation @param {string} name */
export function titleOf(moderation, name) {
  const { words, known } = moderation;
  const [kind, id] = name.split(/:(.*)/s);
  if (kind === "thread") return known.titled(id);
  if (kind === "member") return words.say("all_of", { name: known.people.get(id) ?? id });
  return words.say(TITLES[kind] ?? (LISTS[kind] ? kind : "to_decide"));
}

/** A row as an item, so that it is read and decided on as one that waits. @param {Moderation} moderation @param {any} row */
async function asItem(moderation, row) {
  const { revision, body } = row;
  const thread = await moderation.known.thread(row.thread);
  const { rule, match, by } = row.moderation ?? {};
  const published = row.status === "published" ? { revision, body } : null;
  const held_by = rule ? { kind: "rule", name: rule, match } : by ? { kind: "decided", name: by } : { kind: "none" };
  return { comment: row, revision, thread, parent: null, published, since: row.posted_at, held_by, reports: [] };
}
