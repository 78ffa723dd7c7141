// Word diffs as bills are printed: <ins> and <del>. Long stretches that stay are cut short.

import { el } from "./dom.js";

const KEPT = 60;

/**
 * The nodes of a diff, as `revisions?diff=words` tells it.
 * @param {[string, string][]} pieces Each `=`, `-` or `+`, and a text.
 * @returns {(Node | string)[]}
 */
export function marked(pieces) {
  return pieces.map(([kind, text], index) => {
    if (kind === "+") return el("ins", {}, text);
    if (kind === "-") return el("del", {}, text);
    return shortened(text, index > 0, index < pieces.length - 1);
  });
}

/** @param {string} text @param {boolean} after Whether a change is before it. @param {boolean} before Or after it. */
function shortened(text, after, before) {
  const ends = Number(after) + Number(before);
  if (text.length <= KEPT * (ends + 1)) return text;
  const head = after ? text.slice(0, text.lastIndexOf(" ", KEPT) + 1 || KEPT) : "";
  const rest = text.slice(text.length - KEPT);
  return `${head}… ${before ? rest.slice(rest.indexOf(" ") + 1) : ""}`;
}
