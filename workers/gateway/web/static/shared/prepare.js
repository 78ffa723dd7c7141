// The styles and the words of an element that is a page of its own.

import { el, on } from "./dom.js";
import { languageOf, wordsIn } from "./words.js";

/**
 * Load an element's style sheets into its root, and its words in the language of `lang` or else of the browser.
 * @param {HTMLElement} element @param {ShadowRoot} root
 * @param {string} name Of the style sheet, and of the folder with the words.
 * @returns {Promise<import("./words.js").Words>} Once the styles are there.
 */
export async function prepare(element, root, name) {
  const links = ["tokens", name].map((one) => el("link", { rel: "stylesheet", href: new URL(`../css/${one}.css`, import.meta.url).href }));
  const styled = Promise.all(links.map((link) => new Promise((done) => on(link, "load error", done))));
  root.append(...links);
  const words = await wordsIn(`${name}/words`, languageOf(element.getAttribute("lang"), ...navigator.languages));
  await styled;
  return words;
}
