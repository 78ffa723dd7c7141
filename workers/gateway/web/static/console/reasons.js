// The reasons of a site: for staff by their label, for authors by what they are told.

/** The reasons of a site that lists none. */
const USUAL = ["spam", "off-topic", "insult", "deception", "hatred", "private-data", "unlawful"];

/** @typedef {{code: string, ground?: string, label?: Record<string, string>, tells?: Record<string, string>}} Reason */

export class Reasons {
  /** @param {import("../shared/words.js").Words} words */
  constructor(words) {
    this.words = words;
    /** @type {Reason[]} */
    this.list = USUAL.map((code) => ({ code }));
    /** Language of the site, in which authors are told. */
    this.language = words.language;
    /** @type {Map<string, Reason>} */
    this.reports = new Map();
  }

  /** Take what the policy says. @param {any} policy */
  take(policy) {
    if (policy.reasons?.length) this.list = policy.reasons;
    if (policy.language) this.language = policy.language;
    this.reports = new Map((policy.report_reasons ?? []).map((/** @type {Reason} */ one) => [one.code, one]));
  }

  /** The words of a reason for staff, of decisions and reports alike. @param {string} code */
  label(code) {
    const { words } = this;
    const found = this.list.find((one) => one.code === code)?.label ?? this.reports.get(code)?.label ?? {};
    return found[words.language] ?? words.all[`reason.${code}`] ?? Object.values(found)[0] ?? code;
  }

  /** The words for the author, in the language of the site where there are words of it. @param {string} code */
  tells(code) {
    const found = this.list.find((one) => one.code === code)?.tells ?? {};
    return found[this.language] ?? Object.values(found)[0] ?? this.words.all[`tells.${code}`] ?? "";
  }
}
