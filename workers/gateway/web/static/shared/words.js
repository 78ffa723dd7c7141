// The words of a language, from the same files that the gateway reads.

/** Languages that there are files of. */
export const LANGUAGES = ["en"];

/** @type {Map<string, Promise<Words>>} */
const loaded = new Map();

/** The words of the first language that there are any of; otherwise English. @param {...(string | null)} wanted */
export function words(...wanted) {
  const tags = wanted.flatMap((tag) => (tag ? [tag.toLowerCase(), tag.toLowerCase().split("-")[0]] : []));
  const language = tags.find((tag) => LANGUAGES.includes(tag)) ?? "en";
  let found = loaded.get(language);
  if (!found) {
    found = fetch(new URL(`../words/${language}.json`, import.meta.url)).then(async (answer) => {
      if (!answer.ok) throw new Error(`no words: ${answer.status}`);
      return new Words(language, await answer.json());
    });
    found.catch(() => loaded.delete(language));
    loaded.set(language, found);
  }
  return found;
}

export class Words {
  /** @param {string} language @param {Record<string, any>} all Words by key; by plural form where a number counts. */
  constructor(language, all) {
    this.language = language;
    /** Tag for dates and numbers. */
    this.locale = all.locale;
    this.all = all;
    this.plural = new Intl.PluralRules(language);
    this.number = new Intl.NumberFormat(this.locale).format;
  }

  /**
   * A sentence, with its places filled: `{n}` is a number, which also chooses the form.
   * @param {string} key @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    return this.parts(key, values).join("");
  }

  /**
   * A sentence as a list, so that a place may be filled by an element.
   * @template T
   * @param {string} key @param {Record<string, T | string | number>} [values]
   * @returns {(T | string)[]}
   */
  parts(key, values = {}) {
    let text = this.all[key];
    if (text === undefined) throw new Error(`no words for ${key}`);
    const count = values.n;
    if (typeof text === "object") text = text[this.plural.select(Number(count))] ?? text.other;
    const pieces = text.split(/\{(\w+)\}/).map((piece, index) => {
      if (index % 2 === 0) return piece;
      const value = values[piece];
      return typeof value === "number" ? this.number(value) : value;
    });
    return pieces.filter((piece) => piece !== "");
  }
}
