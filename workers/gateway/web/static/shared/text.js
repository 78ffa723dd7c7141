// The one place that inserts markup: the `html` of a row, which the gateway has cleaned, cleaned once more here.

const BARE = ["p", "br", "em", "strong", "blockquote", "ul", "li", "code", "pre"];
/** @type {Record<string, string[]>} What may stand in a comment: elements, and the attributes of each. */
const ALLOWED = { ...Object.fromEntries(BARE.map((name) => [name, []])), ol: ["start"], a: ["href", "rel"] };
const SCHEMES = ["http:", "https:", "mailto:"];

const sanitizer =
  "setHTML" in Element.prototype && "Sanitizer" in globalThis
    ? // The default would take `rel` away, and with it nofollow and noopener.
      new Sanitizer({ elements: Object.entries(ALLOWED).map(([name, attributes]) => ({ name, attributes })) })
    : null;
let policy = null;
/** Paragraphs of text without any markup, which most comments are. They need no parser, which takes ten times as long. */
const PLAIN = /^(?:<p>[^<&\0\r]*<\/p>\n*)+$/;

/**
 * Replace the children of an element by this markup.
 * @param {Element} target @param {string} html
 */
export function insert(target, html) {
  if (PLAIN.test(html)) {
    target.textContent = "";
    // Every second piece is the text of a paragraph, the others are the ends of lines between them.
    const pieces = html.split(/<\/?p>/);
    for (let index = 1; index < pieces.length; index += 2) {
      const paragraph = document.createElement("p");
      paragraph.textContent = pieces[index];
      target.appendChild(paragraph);
      if (pieces[index + 1]) target.append(pieces[index + 1]);
    }
    return;
  }
  if (sanitizer) {
    target.setHTML(html, { sanitizer });
    return;
  }
  policy ??= globalThis.trustedTypes?.createPolicy("hansard", { createHTML: (text) => text }) ?? {
    createHTML: (text) => text,
  };
  const inert = document.createElement("template");
  inert.innerHTML = policy.createHTML(html);
  clean(inert.content);
  target.replaceChildren(inert.content);
}

/** Remove what is not allowed. @param {ParentNode} root */
function clean(root) {
  for (const node of [...root.querySelectorAll("*")]) {
    const allowed = ALLOWED[node.localName];
    if (!allowed || node.namespaceURI !== "http://www.w3.org/1999/xhtml") node.remove();
    else for (const { name } of [...node.attributes]) if (!allowed.includes(name)) node.removeAttribute(name);
    if (node.localName === "a" && !SCHEMES.includes(node.protocol)) {
      node.removeAttribute("href");
    }
  }
}
