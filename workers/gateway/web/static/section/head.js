// The head of the section: the number of comments, and whether it is closed or empty.

import { attr, child, el, say } from "../shared/dom.js";
import { times } from "../shared/time.js";

/**
 * Show number and state of the thread, and tell the page of the publisher.
 * @param {import("./discussion.js").Discussion} discussion
 * @param {Record<string, any>} thread A thread, or what a frame tells of it.
 */
export function show({ element, section, words }, thread) {
  say(section.querySelector(".title > span"), words.number(thread.comments));
  if (thread.status) attr(section, "data-status", thread.status);
  const { status } = section.dataset;
  const date = thread.status_at && times(words.locale).longDate(new Date(thread.status_at));
  let key = thread.comments ? "" : "empty";
  if (status === "archived") key = status;
  else if (status === "closed") key = date ? "closed_on" : "closed";
  let line = [...section.children].find((one) => one.matches(".say:not(.missing, .line-of)"));
  if (!key) line?.remove();
  else if (!line || thread.status || key === "empty") {
    if (!line) child(section, "told").after((line = el("p.say")));
    say(line, words.say(key, { date }));
    line.hidden = false;
  }
  const detail = { comments: thread.comments };
  element.dispatchEvent(new CustomEvent("hansard:count", { detail, bubbles: true, composed: true }));
}
