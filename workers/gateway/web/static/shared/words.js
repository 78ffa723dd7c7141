// The words of a language, from the same files that the gateway reads.

/** Languages that there are files of. */
export const LANGUAGES = ["ar", "de", "en", "es", "fr", "he"];

/** @type {Map<string, Promise<Words>>} */
const loaded = new Map();

/** The first language that there are files of; otherwise English. @param {...(string | null)} wanted */
export function languageOf(...wanted) {
  const tags = wanted.flatMap((tag) => (tag ? [tag.toLowerCase(), tag.toLowerCase().split("-")[0]] : []));
  return tags.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** The words of the first language that there are any of; otherwise English. @param {...(string | null)} wanted */
export function words(...wanted) {
  return wordsIn("words", languageOf(...wanted));
}

/** The words of a folder, such as `words/write`. What failed is asked again. @param {string} folder @param {string} language @returns {Promise<Words>} */
export function wordsIn(folder, language) {
  const path = `../${folder}/${language}.json`;
  let found = loaded.get(path);
  if (!found) {
    found = fetch(new URL(path, import.meta.url)).then(async (answer) => {
      if (!answer.ok) throw new Error(`no words: ${answer.status}`);
      return new Words(language, await answer.json());
    });
    found.catch(() => loaded.delete(path));
    loaded.set(path, found);
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
    /** Sentences cut at their places: every second piece names one. @type {Map<string, string[]>} */
    this.cut = new Map();
    const plural = new Intl.PluralRules(language);
    const format = new Intl.NumberFormat(this.locale).format;
    /** The plural form of a number. */
    this.form = once((n) => plural.select(n));
    this.number = once(format);
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
    if (typeof text === "object") text = text[this.form(Number(count))] ?? text.other;
    let cut = this.cut.get(text);
    if (!cut) this.cut.set(text, (cut = text.split(/\{(\w+)\}/)));
    const pieces = [];
    for (let index = 0; index < cut.length; index += 1) {
      const piece = index % 2 ? values[cut[index]] : cut[index];
      if (piece !== "") pieces.push(typeof piece === "number" ? this.number(piece) : piece);
    }
    return pieces;
  }
}

/** The same, made once for each number: it takes longer than all else of a sentence. @param {(n: number) => string} make */
function once(make) {
  /** @type {Map<number, string>} */
  const known = new Map();
  return (/** @type {number} */ n) => {
    let found = known.get(n);
    if (found === undefined) known.set(n, (found = make(n)));
    return found;
  };
}
