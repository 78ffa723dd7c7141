/**
 * Sentences of the record: what an event says, and the facts that are shown when it is opened. Pure.
 *
 * @typedef {{position: string, partition?: number, at: string, occurred_at: string, type: string,
 *   actor: {kind: string, id: string | null}, comment?: string, revision?: number, data: Record<string, any>}} Event
 * @typedef {{key: string, values: Record<string, string | number>, quote: string | null, quiet: boolean}} Sentence
 *   `key` is that of a text in the words; `values` fill it.
 * @typedef {{actor: (event: Event) => string, author: (comment: string | undefined) => string}} Names
 */

/** The types whose sentence has a key of its own and needs nothing but names. */
const PLAIN = new Set([
  "thread.opened", "thread.closed", "thread.reopened", "thread.archived", "policy.overridden", "anchor.opened",
  "anchor.reworded", "anchor.closed", "anchor.reopened", "comment.withdrawn", "comment.restored", "comment.held",
  "comment.approved", "comment.rejected", "comment.featured", "comment.unfeatured", "comment.pinned",
  "comment.unpinned", "thread.labelled", "removal.requested", "removal.cancelled", "removal.refused", "notice.filed",
  "statement.told", "decision.reversed", "vote.retracted", "vote.voided", "vote.restored", "event.skipped",
  "author.reassigned",  "unreadable",
]);

/** The fields of `data` that are facts by themselves, in the order in which they are shown. */
const FACTS = ["rule", "match", "code", "ground", "failed", "shape", "law", "notice", "note", "until", "entitlement", "origin", "original", "batch"];

/** The sentence of an event.
 * @param {Event} event
 * @param {Names} names
 * @returns {Sentence} */
export function sentenceOf(event, names) {
  const { type, data = {} } = event;
  const values = { actor: names.actor(event), author: names.author(event.comment), revision: event.revision ?? 1 };
  const said = (/** @type {string} */ key, more = {}, quote = data.reason ?? null) => ({
    key, values: { ...values, ...more }, quote: quote || null, quiet: type.startsWith("vote"),
  });
  if (PLAIN.has(type)) return said(type, {}, data.exact ?? data.explanation ?? data.reason);
  switch (type) {
    case "comment.posted": {
      const held = data.rule ? ".held" : "";
      if (!data.answered) return said(`comment.posted${held}`, { rule: data.rule ?? "" });
      return said(`comment.replied${held}`, { other: names.author(data.answered), rule: data.rule ?? "" });
    }
    case "comment.edited":
      return said(data.rule ? "comment.edited.held" : "comment.edited", { rule: data.rule ?? "" });
    case "revision.redacted":
      return said(type);
    case "thread.retitled":
      return said(type, {}, data.title);
    case "vote.cast":
      return said(data.value > 0 ? "vote.for" : "vote.against");
    case "votes.brought": {
      const { up = 0, down = 0, score } = data;
      return said(score ? "votes.brought.score" : type, { up, down, score: up - down });
    }
    case "comment.screened":
      return said(`comment.screened.${data.failed ? "failed" : (data.verdict ?? "approve")}`);
    case "appeal.filed":
      return said(type, {}, data.text ?? null);
    case "appeal.decided":
      return said(`appeal.${data.verdict === "reverse" ? "reversed" : "upheld"}${data.sole ? ".sole" : ""}`);
    case "report.filed":
      return said(type, { code: data.reason.replaceAll("-", " ") }, data.note ?? null);
    default:
      return said("other", { type });
  }
}

/** The facts of an event, as names in the words and values. Both times are there only where they differ.
 * @param {Event} event
 * @param {(time: string) => string} exact writes a time with its zone
 * @returns {[string, string][]} */
export function factsOf(event, exact) {
  /** @type {[string, string][]} */
  const facts = [["event", event.type], ["position", event.position]];
  if (event.comment) facts.push(["comment", event.comment]);
  if (event.revision) facts.push(["revision", String(event.revision)]);
  if (event.actor?.id) facts.push(["actor", `${event.actor.kind} ${event.actor.id}`]);
  if (event.occurred_at) facts.push(["happened", exact(event.occurred_at)]);
  if (event.at && event.at !== event.occurred_at) facts.push(["recorded", exact(event.at)]);
  for (const name of FACTS) {
    const value = event.data?.[name] ?? (name === "notice" ? event.data?.reference : undefined);
    if (value !== undefined && value !== null && value !== "") facts.push([name, String(value)]);
  }
  return facts;
}

const ACTING = /[\x7f-\x9f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/g;

/** An event as one line of JSON, byte for byte as `hansard replay --json` prints it.
 * @param {Event} event
 * @returns {string} with its newline */
export function lineOf(event) {
  const escaped = (/** @type {string} */ one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `${JSON.stringify(event).replace(ACTING, escaped)}\n`;
}
