/** Names of people, as the events and rows that were read so far tell them. */

/** @typedef {import("./sentences.js").Event} Event */

export class Names {
  /** @param {import("../shared/words.js").Words} words */
  constructor(words) {
    this.words = words;
    /** @type {Map<string, string>} By the id of a member. */
    this.people = new Map();
    /** @type {Map<string, string>} By the id of a comment. */
    this.authors = new Map();
    /** @type {Map<string, string>} The author's id, by the id of a comment. */
    this.wrote = new Map();
  }

  /** Take what events say. @param {Event[]} events */
  learn(events) {
    for (const { type, comment, actor, data } of events) {
      if (type !== "comment.posted" || !comment) continue;
      if (data?.name) this.authors.set(comment, data.name);
      if (actor?.id && data?.name) this.people.set(actor.id, data.name);
    }
  }

  /** Take what rows say. @param {Iterable<any>} rows */
  rows(rows) {
    for (const { id, author } of rows) {
      if (!author) continue;
      this.authors.set(id, author.name);
      if (author.id) this.people.set(author.id, author.name);
    }
  }

  /** The actor of an event: a name with the role, or the role alone where no name is known. @param {Event} event */
  actor({ actor, data }) {
    const { words } = this;
    const staff = actor?.kind === "staff" || data?.role === "moderator";
    if (actor?.kind === "system" && actor.id === `import`) return words.say("an_import");
    if (!actor?.id) return words.say(staff ? "a_moderator" : actor?.kind === "system" ? "a_rule" : "somebody");
    const name = this.named(actor.id);
    return staff ? words.say("role_moderator", { name }) : name;
  }

  /** True if every author whom the sentence of an event names is known. @param {Event} event */
  knows({ comment, data }) {
    return [comment, data?.answered].every((one) => !one || this.authors.has(one));
  }

  /** @param {string | undefined} comment */
  author(comment) {
    return this.authors.get(comment ?? "") ?? this.words.say("somebody");
  }

  /** @param {string} id */
  named(id) {
    return this.people.get(id) ?? id;
  }
}
