// The versions of a comment, newest first, with what each changed. Loaded when they are first asked for.

import { attr, el } from "../shared/dom.js";
import { marked } from "../shared/diff.js";
import { times } from "../shared/time.js";

/** @typedef {Record<string, any>} Version A revision of the API. */

/**
 * Open or close the versions below a comment's text.
 * @param {HTMLElement} article @param {HTMLElement} button The one that was pressed.
 * @param {import("./api.js").Api} api @param {import("../shared/words.js").Words} words
 */
export async function toggle(article, button, api, words) {
  const open = article.querySelector(":scope > .past");
  if (open) {
    close(open, button, words);
    return;
  }
  if (button.getAttribute("aria-busy")) return;
  attr(button, "aria-busy", "true");
  const id = article.id.replace("comment-", "");
  try {
    // The API tells the oldest first, so that the last are on the last page.
    /** @type {Version[]} */
    const versions = [];
    /** @type {string | null} */
    let cursor = null;
    do {
      const page = await api.revisions(id, cursor);
      versions.push(...page.revisions);
      cursor = page.next;
    } while (cursor);
    const past = panel(versions.reverse(), button, words);
    article.querySelector(":scope > .edited").after(past);
    attr(button, "aria-expanded", "true");
    button.textContent = words.say("hide_changes");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** @param {Element} past @param {HTMLElement} button @param {import("../shared/words.js").Words} words */
function close(past, button, words) {
  past.remove();
  attr(button, "aria-expanded", "false");
  button.textContent = words.say("see_changes");
  button.focus();
}

/** Versions that are made at once; more are made by a button. */
const AT_ONCE = 20;

/** @param {Version[]} versions @param {HTMLElement} button @param {import("../shared/words.js").Words} words */
function panel(versions, button, words) {
  const list = el("ol");
  const more = el("button.more", { onclick: () => add() }, words.say("more_versions"));
  const shut = () => close(past, button, words);
  const past = el(
    "section.past",
    { "aria-label": words.say("versions") },
    el("header", {}, el("h3", {}, words.say("said_before")), el("button.act", { onclick: shut }, words.say("close"))),
    list,
    more,
  );
  past.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    shut();
  });
  const add = () => {
    const from = list.children.length;
    const some = versions.slice(from, from + AT_ONCE);
    list.append(...some.map((one, index) => version(one, from + index === 0, from + index === versions.length - 1, words)));
    more.hidden = list.children.length === versions.length;
    if (from) list.children[from].focus();
  };
  add();
  return past;
}

/**
 * @param {Version} revision @param {boolean} latest @param {boolean} first
 * @param {import("../shared/words.js").Words} words
 */
function version(revision, latest, first, words) {
  const format = times(words.locale);
  const at = new Date(revision.at);
  const { up, down } = revision.votes_then ?? {};
  const side = el(
    "div.v",
    {},
    el("b", {}, words.say("version", { n: revision.revision })),
    el("time", { datetime: revision.at }, words.say("day_clock", { day: format.dated(at, new Date(), true), clock: format.clock(at) })),
    latest && revision.status === "published" && el("span", {}, words.say("on_page")),
    !latest && revision.votes_then && el("span", {}, words.say("replaced", { up, down })),
  );
  const said = el("div");
  if (revision.body === null) said.append(el("p.gone", {}, words.say(revision.status === "unknown" ? "unknown" : "destroyed")));
  else {
    if (revision.reason) said.append(el("p.because", {}, ...words.parts("reason", { reason: el("bdi", {}, revision.reason) })));
    said.append(el("p.said", { dir: "auto" }, ...(first || !revision.diff ? [revision.body] : marked(revision.diff))));
  }
  return el("li", { tabindex: "-1" }, side, said);
}
