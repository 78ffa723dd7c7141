// Filters of all comments: their status, and words in their texts.

import { attr, el } from "../shared/dom.js";
import { STATUSES } from "./views.js";

/** Parts of a search that are read for one press, where nothing is found in them. */
const MOST = 10;

/** Offer the filters, and read on until something is found. @param {import("./moderation.js").Moderation} moderation
 * @param {string} chosen The status; empty for any. */
export async function filters(moderation, chosen) {
  const { words, filters: place, queue, place: name } = moderation;
  if (!place.firstChild) {
    const field = /** @type {HTMLInputElement} */ (el("input", { type: "search", maxlength: "120", dir: "auto", "aria-label": words.say("with_words"), placeholder: words.say("with_words"),
      onchange: () => moderation.open(moderation.place, field.value.trim()) }));
    place.append(el("div.statuses", {}, ...["", ...STATUSES].map((status) => el("button.act", { type: "button", value: status,
      onclick: () => moderation.open(status ? `comments:${status}` : "comments", moderation.sought) }, words.say(status ? `status.${status}` : "status.any")))), field);
  }
  for (const button of place.querySelectorAll("button")) attr(button, "aria-pressed", String(button.value === chosen));
  /** @type {HTMLInputElement} */ (place.lastElementChild).value = moderation.sought;
  for (let n = 0; n < MOST && queue.next && !queue.slips.length && name === moderation.place; n++) await queue.load();
  if (!queue.hand && queue.slips.length && name === moderation.place) queue.take(queue.slips[0], false, true);
}
