// One row: made from JSON, and brought up to date part by part.
// The gateway writes the same nodes (workers/gateway/html/fragment.py); a test compares the two.

import { attr, child, el, say } from "../shared/dom.js";
import { insert } from "../shared/text.js";

const LONGEST = 1200;
const SHOWN = 900;
const GONE = ["moderator", "rule", "author", "erased", "unknown"];

/**
 * @typedef {import("./rows.js").Given} Given
 * @typedef {Record<string, any>} Row A row of the API.
 */

/** @type {WeakMap<import("../shared/words.js").Words, Node[]>} Rows with nothing in them, which are copied for each row. */
const blanks = new WeakMap();

/**
 * A copy of a row with nothing in it. Attributes that are empty are written for each row.
 * @param {Given["words"]} words @param {boolean} answers Whether it names whom it answers.
 * @param {boolean} replied Whether there are replies below it.
 */
function blank(words, answers, replied) {
  const found = blanks.get(words) ?? [];
  const kind = Number(answers) + 2 * Number(replied);
  if (!found[kind]) {
    const time = el("time", { datetime: "" }, !answers && el("small"), el("b"), el("span.sr"));
    const when = el("a.when", { id: "", href: "" }, time, el("span.sr", {}, words.say("permalink")));
    const to = answers ? [" ", el("a.to", { id: "", "data-to": "", href: "" }, ...answered("", words))] : [];
    const who = el("p.who", { part: "who" }, el("b", { id: "", dir: "auto" }), ...to);
    const votes = el("p.votes", {}, el("span.for"), el("span.against"));
    const acts = el("div.acts", { part: "acts" }, votes, el("p.notes"), replied && el("button.fold", { "aria-expanded": "true" }));
    const row = { id: "", tabindex: "-1", part: "row", "aria-labelledby": "", "data-revision": "" };
    const article = el("article.row", row, when, who, el("div.text", { part: "text", dir: "auto" }), acts);
    found[kind] = el("li", { "data-key": "" }, article, replied && el("div.under", {}, el("ol")));
    blanks.set(words, found);
  }
  return found[kind].cloneNode(true);
}

/**
 * A row without its replies, as a list item.
 * @param {Row} row @param {Given} given @param {number} [n] Of its replies: the place for them is made.
 * @returns {HTMLElement}
 */
export function item(row, given, n = 0) {
  const { id, author, in_reply_to: to } = row;
  const answers = Boolean(author && !author.badges.length && to && to.name !== null);
  const made = blank(given.words, answers, n > 0);
  const article = made.firstChild;
  const when = article.firstChild;
  const whose = when.nextSibling;
  const shown = whose.nextSibling;
  const acts = shown.nextSibling;
  made.setAttribute("data-key", id);
  article.setAttribute("id", `comment-${id}`);
  when.setAttribute("id", `t-${id}`);
  when.setAttribute("href", given.link + id);
  when.firstChild.setAttribute("datetime", row.posted_at);
  article.setAttribute("aria-labelledby", labels(row));
  if (row.pinned || row.featured) star(article, row, given);
  if (row.anchor) about(article, row, given);
  article.setAttribute("data-revision", row.revision ?? "");
  if (n) acts.lastChild.textContent = given.words.say("hide_replies", { n });
  if (author) {
    if (answers) answering(whose.lastChild, row, given).lastElementChild.textContent = to.name;
    named(whose, row, given, !answers);
    write(shown, row, given);
    article.setAttribute("data-by", author.id);
    if (given.tally || row.votes.up || row.votes.down) tally(acts.firstChild, row, given);
  } else {
    whose.replaceWith(who(row, given));
    shown.remove();
    acts.firstChild.replaceChildren();
  }
  return made;
}

/** Bring an article up to date with a row. @param {HTMLElement} article @param {Row} row @param {Given} given */
export function update(article, row, given) {
  const old = child(article, "who");
  const name = who(row, given);
  if (!old.isEqualNode(name)) old.replaceWith(name);
  attr(article, "aria-labelledby", labels(row));
  star(article, row, given);
  about(article, row, given);
  text(article, row, given);
  attr(article, "data-by", row.author?.id);
  updateVotes(article, row, given);
}

/** The ids of what names an article: its author, whom it answers, and its time. @param {Row} row */
function labels({ id, author, in_reply_to: to }) {
  return author && to ? `n-${id} r-${id} t-${id}` : `n-${id} t-${id}`;
}

/** True if the text of a row is another than the one shown. @param {HTMLElement} article @param {Row} row */
export function differs(article, row) {
  return article.dataset.revision !== String(row.revision ?? "");
}

/** @param {Row} row @param {Given} given */
function who(row, given) {
  if (row.author) return named(el("p.who", { part: "who" }, el("b", { id: "", dir: "auto" })), row, given);
  const gone = row.gone ?? (row.status === "withdrawn" ? "author" : "unknown");
  const key = `gone_${GONE.includes(gone) ? gone : "unknown"}`;
  return el("p.who", { part: "who" }, el("span.gone", { id: `n-${row.id}` }, given.words.say(key)));
}

/**
 * Write who has posted a row into a line that has the place of the name.
 * @param {HTMLElement} line @param {Row} row @param {Given} given @param {boolean} [lacks] Whether it lacks whom the row answers.
 */
function named(line, row, given, lacks = true) {
  const { id, author, in_reply_to: to } = row;
  const { words } = given;
  const name = line.firstChild;
  name.setAttribute("id", `n-${id}`);
  name.textContent = author.name;
  for (const badge of author.badges) line.append(" ", el("span.badge", { dir: "auto" }, words.say("badge", { name: badge })));
  if (to && lacks) line.append(" ", answering(el("a.to", {}, ...answered(to.name, words)), row, given));
  return line;
}

/** Make a link lead to the comment that a row answers. @param {HTMLElement} line @param {Row} row @param {Given} given */
function answering(line, { id, in_reply_to: to }, { link }) {
  line.setAttribute("id", `r-${id}`);
  line.setAttribute("data-to", to.comment);
  line.setAttribute("href", link + to.comment);
  return line;
}

/** The line of a reply that names the author of the comment it answers. @param {string | null} name @param {Given["words"]} words */
export function answered(name, words) {
  return name === null ? [words.say("in_reply_to_removed")] : words.parts("in_reply_to", { name: el("bdi", {}, name) });
}

/** @param {HTMLElement} article @param {Row} row @param {Given} given */
function star(article, row, { words }) {
  const key = row.pinned ? "pinned" : row.featured ? "pick" : null;
  let mark = child(article, "star");
  if (!key) mark?.remove();
  else {
    if (!mark) child(article, "who").before((mark = el("p.star")));
    mark.classList.toggle("pinned", key === "pinned");
    say(mark, words.say(key));
  }
}

/** Say that a comment is about a passage of the article. @param {HTMLElement} article @param {Row} row @param {Given} given */
function about(article, row, { words }) {
  const line = child(article, "about");
  if (!row.anchor || !row.author || row.parent) line?.remove();
  else if (!line) child(article, "who").after(el("p.about", { "data-anchor": row.anchor }, words.say("about_passage")));
}

/** @param {HTMLElement} article @param {Row} row @param {Given} given */
function text(article, row, given) {
  const there = child(article, "text");
  if (there && !differs(article, row)) return;
  attr(article, "data-revision", row.revision ?? "");
  child(article, "edited")?.remove();
  child(article, "past")?.remove();
  if (!row.author) {
    there?.remove();
    return;
  }
  const shown = there ?? el("div.text", { part: "text", dir: "auto" });
  if (!there) (child(article, "about") ?? child(article, "who")).after(shown);
  write(shown, row, given);
}

/** Write the text of a row, and when it was edited. @param {HTMLElement} shown @param {Row} row @param {Given} given */
function write(shown, row, given) {
  const { words } = given;
  const body = row.body ?? "";
  const html = row.html ?? "";
  // There are never more letters than code units, which cost nothing to count.
  const n = body.length > LONGEST ? [...body].length : 0;
  const [head, rest] = n > LONGEST ? textParts(html) : [html, ""];
  insert(shown, head);
  if (row.body === null) shown.append(el("p.gone", {}, words.say("unknown")));
  if (rest) {
    const folded = el("div");
    insert(folded, rest);
    shown.append(el("details.long", {}, el("summary", {}, words.say("read_all", { n })), ...folded.childNodes));
  }
  if (!row.edited) return;
  const when = el("time", { datetime: row.edited.at });
  const by = el("bdi", {}, row.edited.by.name ?? "");
  const line = el("p.edited", {}, ...words.parts("edited", { when, name: by }));
  if (given.history) line.append(" ", el("button.changes", { "aria-expanded": "false" }, words.say("see_changes")));
  shown.after(line);
}

/** Bring the tally up to date: two text nodes. @param {HTMLElement} article @param {Row} row @param {Given} given */
export function updateVotes(article, row, given) {
  const acts = child(article, "acts");
  const votes = child(acts, "votes");
  if (!row.author) {
    votes.replaceChildren();
    for (const one of [...acts.children]) if (one.classList.contains("can")) one.remove();
    attr(article, "data-equipped", null);
  } else {
    // Without votes the places are empty, and stay: the first vote moves nothing.
    if (!votes.firstChild) votes.append(el("span.for"), el("span.against"));
    tally(votes, row, given);
  }
}

/** @param {Element} votes @param {Row} row @param {Given} given */
function tally(votes, row, { words, tally: worded }) {
  const said = (kind, n) => worded?.(kind, n) ?? (n ? words.say(kind, { n }) : "");
  say(votes.firstChild, said("for", row.votes.up));
  say(votes.lastChild, said("against", row.votes.down));
}

/** Split a long text where it is folded (the rule of html/folded_text.py). @param {string} html */
export function textParts(html) {
  let seen = 0;
  /** @type {string[]} */
  const stack = [];
  for (const token of html.matchAll(/<(\/?)(\w+)[^>]*>|[^<]+/g)) {
    const start = token.index;
    const end = start + token[0].length;
    const inParagraph = stack.length === 1 && stack[0] === "p";
    const tag = token[2];
    if (tag === undefined) {
      const letters = [...token[0]];
      if (inParagraph && seen + letters.length > SHOWN) {
        const space = html.indexOf(" ", start + letters.slice(0, Math.max(0, SHOWN - seen)).join("").length);
        if (space >= 0 && space < end) return [`${html.slice(0, space)}</p>`, `<p>${html.slice(space)}`];
      }
      seen += letters.length;
    } else if (tag === "br") {
      if (inParagraph && seen >= SHOWN) return [`${html.slice(0, start)}</p>`, `<p>${html.slice(end)}`];
    } else if (!token[1]) stack.push(tag);
    else {
      stack.pop();
      if (!stack.length && seen >= SHOWN && html.slice(end).trim()) return [html.slice(0, end), html.slice(end)];
    }
  }
  return [html, ""];
}
