// One row: made from JSON or taken over from the gateway's HTML, and brought up to date part by part.
// The gateway writes the same nodes (workers/gateway/html/fragment.py); a test compares the two.

import { attr, el, say } from "../shared/dom.js";
import { insert } from "../shared/text.js";
import { times } from "../shared/time.js";

const LONGEST = 1200;
const SHOWN = 900;
const GONE = ["moderator", "rule", "author", "erased", "unknown"];

/**
 * `link` is the article's address up to the id of a comment; `history` whether versions may be seen.
 * @typedef {{ words: import("../shared/words.js").Words, link: string, history: boolean }} Given
 * @typedef {Record<string, any>} Row A row of the API.
 */

/** A row with its replies, as a list item. @param {Row} row @param {Given} given @returns {HTMLElement} */
export function item(row, given) {
  const { words, link } = given;
  const { id } = row;
  const when = el("a.when", { id: `t-${id}`, href: link + id }, el("time", { datetime: row.posted_at }));
  when.append(el("span.sr", {}, words.say("permalink")));
  const acts = el("div.acts", { part: "acts" }, el("p.votes"), el("p.notes"));
  const article = el("article.row", { id: `comment-${id}`, tabindex: "-1", part: "row" }, when, el("p.who", { part: "who" }), acts);
  const made = el("li", { "data-key": id }, article);
  update(article, row, given);
  return made;
}

/** Bring an article up to date with a row. @param {HTMLElement} article @param {Row} row @param {Given} given */
export function update(article, row, given) {
  const old = part(article, "who");
  const name = who(row, given);
  if (!old.isEqualNode(name)) old.replaceWith(name);
  const answers = row.author && row.in_reply_to ? ` r-${row.id}` : "";
  attr(article, "aria-labelledby", `n-${row.id}${answers} t-${row.id}`);
  star(article, row, given);
  text(article, row, given);
  updateVotes(article, row, given);
}

/** Whether the text of a row is another than the one shown. @param {HTMLElement} article @param {Row} row */
export function differs(article, row) {
  return article.dataset.revision !== String(row.revision ?? "");
}

/** @param {HTMLElement} article @param {string} name */
function part(article, name) {
  return article.querySelector(`:scope > .${name}`);
}

/** @param {Row} row @param {Given} given */
function who(row, { words, link }) {
  if (!row.author) {
    const gone = row.gone ?? (row.status === "withdrawn" ? "author" : "unknown");
    const key = `gone_${GONE.includes(gone) ? gone : "unknown"}`;
    return el("p.who", { part: "who" }, el("span.gone", { id: `n-${row.id}` }, words.say(key)));
  }
  const found = el("p.who", { part: "who" }, el("b", { id: `n-${row.id}`, dir: "auto" }, row.author.name));
  for (const badge of row.author.badges) {
    found.append(" ", el("span.badge", { dir: "auto" }, words.say("badge", { name: badge })));
  }
  const to = row.in_reply_to;
  if (to) {
    const said = answered(to.name, words);
    const where = { id: `r-${row.id}`, "data-to": to.comment, href: link + to.comment };
    found.append(" ", el("a.to", where, ...said));
  }
  return found;
}

/** What a reply says of the comment that it answers. @param {string | null} name @param {Given["words"]} words */
export function answered(name, words) {
  return name === null ? [words.say("in_reply_to_removed")] : words.parts("in_reply_to", { name: el("bdi", {}, name) });
}

/** @param {HTMLElement} article @param {Row} row @param {Given} given */
function star(article, row, { words }) {
  const key = row.pinned ? "pinned" : row.featured ? "pick" : null;
  let mark = part(article, "star");
  if (!key) mark?.remove();
  else {
    if (!mark) part(article, "who").before((mark = el("p.star")));
    mark.classList.toggle("pinned", key === "pinned");
    say(mark, words.say(key));
  }
}

/** @param {HTMLElement} article @param {Row} row @param {Given} given */
function text(article, row, given) {
  const there = part(article, "text");
  if (there && !differs(article, row)) return;
  attr(article, "data-revision", row.revision ?? "");
  part(article, "edited")?.remove();
  part(article, "past")?.remove();
  if (!row.author) {
    there?.remove();
    return;
  }
  const { words } = given;
  const shown = there ?? el("div.text", { part: "text", dir: "auto" });
  if (!there) part(article, "who").after(shown);
  const [head, rest] = [...row.body].length > LONGEST ? textParts(row.html) : [row.html, ""];
  insert(shown, head);
  if (rest) {
    const folded = el("div");
    insert(folded, rest);
    const all = words.say("read_all", { n: [...row.body].length });
    shown.append(el("details.long", {}, el("summary", {}, all), ...folded.childNodes));
  }
  if (!row.edited) return;
  const when = el("time", { datetime: row.edited.at });
  const by = el("bdi", {}, row.edited.by.name ?? "");
  const line = el("p.edited", {}, ...words.parts("edited", { when, name: by }));
  if (given.history) line.append(" ", el("button.changes", { "aria-expanded": "false" }, words.say("see_changes")));
  shown.after(line);
}

/** Bring the tally up to date: two text nodes. @param {HTMLElement} article @param {Row} row @param {Given} given */
export function updateVotes(article, row, { words }) {
  const tally = article.querySelector(":scope > .acts > .votes");
  if (!row.author) tally.replaceChildren();
  else {
    // The places stay where nobody has voted, so that nothing moves when somebody does.
    if (!tally.firstChild) tally.append(el("span.for"), el("span.against"));
    const { up, down } = row.votes;
    say(tally.childNodes[0], up ? words.say("for", { n: up }) : "");
    say(tally.childNodes[1], down ? words.say("against", { n: down }) : "");
  }
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

/** Write the times below a node in the reader's zone. @param {ParentNode} root @param {Given["words"]} words */
export function localise(root, words) {
  const format = times(words.locale);
  const now = new Date();
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    const clock = format.clock(at);
    if (!time.parentElement?.matches(".when")) say(time, words.say("day_clock", { day: format.dated(at, now, true), clock }));
    else {
      const above = time.closest("li")?.parentElement?.closest("li")?.querySelector("time")?.dateTime;
      const same = above && format.key(new Date(above)) === format.key(at);
      const day = same ? [] : [el("small", {}, format.dated(at, now))];
      time.replaceChildren(...day, el("b", {}, clock), el("span.sr", {}, `, ${format.exact(at)}`));
    }
  }
}
