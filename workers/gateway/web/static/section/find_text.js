// Find a quoted passage in an element: by its words, and by the words before and after it. It may differ in white space,
// quotation marks, dashes and case, and in nothing else (after the text quote selector of W3C Web Annotation, 4.2.4).

/** @typedef {{exact: string, prefix?: string | null, suffix?: string | null}} Quote */

const QUOTES = /[‘’‚‛“”„‟«»‹›'"\u0060´]/g;
const DASHES = /[‐‑‒–—―−]/g;
const HIDDEN = "script, style, noscript, template, [hidden], hansard-comments";

/** A text as it is compared. Each letter of it stands for one place of the text. @param {string} text */
function folded(text) {
  return text.replace(QUOTES, "'").replace(DASHES, "-").replace(/\s/g, " ");
}

/** The text of an element as it is compared, with the place in the document of each of its letters. */
export class Reading {
  /** @param {Element} element */
  constructor(element) {
    /** @type {[Text, number][]} */
    this.places = [];
    const letters = [];
    const accepts = (/** @type {Node} */ node) => (node.parentElement?.closest(HIDDEN) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT, accepts);
    let block = null;
    for (let node = /** @type {Text | null} */ (walker.nextNode()); node; node = /** @type {Text | null} */ (walker.nextNode())) {
      // The end of a block parts words as a space does.
      const inside = blockOf(node, element);
      if (block && inside !== block && letters.length && letters.at(-1) !== " ") this.#add(letters, " ", node, 0);
      block = inside;
      const text = folded(node.data);
      for (let at = 0; at < text.length; at += 1) {
        if (text[at] === " " && (!letters.length || letters.at(-1) === " ")) continue;
        for (const letter of text[at].toLowerCase()) this.#add(letters, letter, node, at);
      }
    }
    this.text = letters.join("");
  }

  /** @param {string[]} letters @param {string} letter @param {Text} node @param {number} at */
  #add(letters, letter, node, at) {
    letters.push(letter);
    this.places.push([node, at]);
  }

  /** The one place of a quote; null where there is none, or more than one. @param {Quote} quote @returns {Range | null} */
  find({ exact, prefix, suffix }) {
    const [wanted, before, after] = [exact, prefix ?? "", suffix ?? ""].map(compared);
    if (!wanted) return null;
    const found = [];
    for (let at = this.text.indexOf(wanted); at >= 0 && found.length < 2; at = this.text.indexOf(wanted, at + 1)) {
      const fits = this.text.slice(0, at).trimEnd().endsWith(before) && this.text.slice(at + wanted.length).trimStart().startsWith(after);
      if (fits) found.push(at);
    }
    return found.length === 1 ? this.range(found[0], found[0] + wanted.length) : null;
  }

  /** The text between the words before and after a quote; null where either is not there exactly once.
   * @param {Quote} quote @param {number} longest @returns {string | null} */
  between({ prefix, suffix }, longest) {
    const [before, after] = [prefix ?? "", suffix ?? ""].map(compared);
    if (!before || !after) return null;
    const at = only(this.text, before);
    const to = only(this.text, after);
    if (at < 0 || to < 0) return null;
    const from = at + before.length;
    if (to <= from || to - from > longest) return null;
    return this.range(from, to).toString().replace(/\s+/g, " ").trim() || null;
  }

  /** @param {number} from @param {number} to */
  range(from, to) {
    const range = document.createRange();
    range.setStart(...this.places[from]);
    const [node, at] = this.places[to - 1];
    range.setEnd(node, Math.min(at + 1, node.length));
    return range;
  }
}

/** @param {string} text */
function compared(text) {
  return folded(text).replace(/ +/g, " ").trim().toLowerCase();
}

/** The place of the only occurrence; -1 where there is none or more. @param {string} text @param {string} part */
function only(text, part) {
  const at = text.indexOf(part);
  return at >= 0 && text.indexOf(part, at + 1) < 0 ? at : -1;
}

/** @param {Node} node @param {Element} within */
function blockOf(node, within) {
  let up = node.parentElement;
  while (up && up !== within && getComputedStyle(up).display.startsWith("inline")) up = up.parentElement;
  return up;
}
