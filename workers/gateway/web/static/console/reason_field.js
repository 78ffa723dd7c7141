// The choice of one of the site's reasons, which fills in the words for its reader until others are typed.

import { el } from "../shared/dom.js";

/** A select named `code`, labelled. @param {import("./moderation.js").Moderation} moderation @param {HTMLInputElement | HTMLTextAreaElement} text
 * @param {string} [label] The element and the classes of the label. */
export function reasonField({ words, reasons }, text, label = "label") {
  let own = false;
  text.addEventListener("input", () => (own = text.value !== ""));
  const choose = (/** @type {Event} */ { target }) => {
    const { value } = /** @type {HTMLSelectElement} */ (target);
    if (!own) text.value = value ? reasons.tells(value) : "";
  };
  return el(label, {}, words.say("reason"), el("select", { name: "code", onchange: choose }, el("option", { value: "" }, words.say("own_words")),
    ...reasons.list.map(({ code }) => el("option", { value: code }, reasons.label(code)))));
}

/** The filled-in ones of some fields. @param {FormData} form @param {...string} names @returns {Record<string, string>} */
export function given(form, ...names) {
  return Object.fromEntries(names.map((name) => [name, String(form.get(name) ?? "").trim()]).filter(([, value]) => value));
}
