// Parts of a page: modules that are loaded at their first use. A browser remembers that a module could not be loaded, and
// does not ask for it again. The gateway has every file under further addresses, `~1/…` and so on, for further tries.

/** @type {Map<string, Promise<any>>} */
const loaded = new Map();
let tries = 0;

/**
 * Load a part, once. Raises TypeError if it cannot be loaded; the next call tries again.
 * @param {string} path Path in the release, such as `section/feed.js`.
 * @returns {Promise<any>} The module.
 */
export function part(path) {
  let found = loaded.get(path);
  if (!found) {
    found = import(new URL(`../${tries ? `~${tries}/` : ""}${path}`, import.meta.url).href);
    loaded.set(path, found);
    found.catch(() => {
      loaded.delete(path);
      tries = Math.min(tries + 1, 99);
    });
  }
  return found;
}
