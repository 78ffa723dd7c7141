// Times as words. A formatter costs a hundred times as much as its use: each is made once per locale and zone, when it is
// first used. Many times on a page are of one day, and what is said of that day is formatted once, too.

/** @type {Map<string, Times>} */
const made = new Map();

/** The times of a locale, in the reader's zone or in one that is named. @param {string} locale @param {string} [zone] */
export function times(locale, zone) {
  const key = `${locale} ${zone}`;
  let found = made.get(key);
  if (!found) made.set(key, (found = new Times(locale, zone)));
  return found;
}

const MINUTE_MS = 60_000;
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const DAY = { day: "numeric", month: "long" };
const YEAR = { ...DAY, year: "numeric" };

class Times {
  /** @param {string} locale @param {string} [timeZone] An IANA name; without one the reader's. */
  constructor(locale, timeZone) {
    /** @param {Intl.DateTimeFormatOptions} options @param {string} [tag] @returns {(at: Date) => string} */
    const format = (options, tag = locale) => {
      let formatter;
      return (at) => (formatter ??= new Intl.DateTimeFormat(tag, { timeZone, ...options })).format(at);
    };
    const local = !timeZone;
    /** A function of a time, called once for all times of a day. @template T @param {(at: Date) => T} make @returns {(at: Date) => T} */
    const once = (make) => {
      const known = new Map();
      return (at) => {
        // A number: texts cost more to look up.
        const key = local ? this.key(at) * 2048 + at.getTimezoneOffset() : this.key(at);
        let found = known.get(key);
        if (found === undefined) known.set(key, (found = make(at)));
        return found;
      };
    };
    /** @param {Intl.DateTimeFormatOptions} options */
    const daily = (options) => once(format(options));
    /** The day as a key. It is asked for often, and the reader's own zone needs no formatter. @type {(at: Date) => number | string} */
    this.key = local
      ? (at) => Math.floor((at.valueOf() / MINUTE_MS - at.getTimezoneOffset()) / 1440)
      : format({ year: "numeric", month: "2-digit", day: "2-digit" }, "en-CA");
    /** "11:15" */
    this.clock = local ? (at) => `${two(at.getHours())}:${two(at.getMinutes())}` : format(CLOCK);
    /** "12 Oct" */
    this.day = daily({ ...DAY, month: "short" });
    /** "12 Oct 2026" */
    this.date = daily({ ...YEAR, month: "short" });
    /** "12 October" */
    this.longDay = daily(DAY);
    /** "12 October 2026" */
    this.longDate = daily(YEAR);
    const exact = format({ ...YEAR, ...CLOCK, second: "2-digit", timeZoneName: "short" });
    const around = once((at) => exact(at).split(/\d\d:\d\d:\d\d/));
    /** "12 October 2026 at 11:15:42 UTC": to the second, with its zone. */
    this.exact = local ? (at) => around(at).join(`${this.clock(at)}:${two(at.getSeconds())}`) : exact;
    /** "2026": the year as a key. */
    this.year = (at) => (local ? String(at.getFullYear()) : this.key(at).split("-")[0]);
  }

  /** The day, with its year where that is not this one. @param {Date} at @param {Date} [now] @param {boolean} [long] */
  dated(at, now = new Date(), long = false) {
    const sameYear = this.year(at) === this.year(now);
    if (long) return sameYear ? this.longDay(at) : this.longDate(at);
    return sameYear ? this.day(at) : this.date(at);
  }
}

/** @param {number} number */
function two(number) {
  return number < 10 ? `0${number}` : String(number);
}
