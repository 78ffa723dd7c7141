// Style sheets of this release that a part brings along: each is loaded once, and adopted by a shadow root.

/** @type {Map<string, Promise<CSSStyleSheet>>} */
const loaded = new Map();

/** @param {string} name Of a file in `css`. @returns {Promise<CSSStyleSheet>} */
function sheet(name) {
  let found = loaded.get(name);
  if (!found) {
    found = fetch(new URL(`../css/${name}.css`, import.meta.url)).then(async (answer) => {
      if (!answer.ok) throw new Error(`no styles: ${answer.status}`);
      return new CSSStyleSheet().replace(await answer.text());
    });
    found.catch(() => loaded.delete(name));
    loaded.set(name, found);
  }
  return found;
}

/** Adopt style sheets, after those that are adopted already. @param {Node} root A shadow root. @param {...string} names */
export async function adopt(root, ...names) {
  const sheets = await Promise.all(names.map(sheet));
  const shadow = /** @type {ShadowRoot} */ (root);
  shadow.adoptedStyleSheets = [...new Set([...shadow.adoptedStyleSheets, ...sheets])];
}
