// Times as words. A formatter costs a hundred times as much as its use: each is made once per locale and zone.

/** @type {Map<string, Times>} */
const made = new Map();

/** The times of a locale, in the reader's zone or in one that is named. @param {string} locale @param {string} [zone] */
export function times(locale, zone) {
  const key = `${locale} ${zone}`;
  let found = made.get(key);
  if (!found) made.set(key, (found = new Times(locale, zone)));
  return found;
}

class Times {
  /** @param {string} locale @param {string} [timeZone] An IANA name; without one the reader's. */
  constructor(locale, timeZone) {
    const format = (options) =>
      new Intl.DateTimeFormat(locale, { timeZone, ...options }).format;
    const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    /** "11:15" */
    this.clock = format(clock);
    /** "12 Oct" */
    this.day = format({ day: "numeric", month: "short" });
    /** "12 Oct 2026" */
    this.date = format({ day: "numeric", month: "short", year: "numeric" });
    /** "12 October" */
    this.longDay = format({ day: "numeric", month: "long" });
    /** "12 October 2026" */
    this.longDate = format({ day: "numeric", month: "long", year: "numeric" });
    /** "12 October 2026 at 11:15:42 UTC": to the second, with its zone. */
    this.exact = format({ ...clock, day: "numeric", month: "long", year: "numeric", second: "2-digit", timeZoneName: "short" });
    const numbers = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    /** "2026-10-12": the day as a key. It is asked for often, and the reader's own zone needs no formatter. */
    this.key = timeZone ? numbers.format : (at) => `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;
    /** "2026": the year as a key. */
    this.year = (at) => this.key(at).split("-")[0];
  }

  /** The day, with its year where that is not this one. @param {Date} at @param {Date} [now] @param {boolean} [long] */
  dated(at, now = new Date(), long = false) {
    const sameYear = this.year(at) === this.year(now);
    if (long) return sameYear ? this.longDay(at) : this.longDate(at);
    return sameYear ? this.day(at) : this.date(at);
  }
}
