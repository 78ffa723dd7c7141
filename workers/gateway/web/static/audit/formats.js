/** Times as words, each with its zone. Formatters are made once: a formatter costs a hundred times as much as its use. */

import { times } from "../shared/time.js";

/** The formats of a language.
 * @param {import("../shared/words.js").Words} words
 * @returns {{utc: any, exact: (time: string | number) => string, day: (at: Date) => string,
 *   local: (time: string | number) => string[]}} `exact` is to the second, in UTC; `day` is a day of the week with its
 *   date; `local` is the hour in the reader's zone, that zone, and the date there. */
export function formats(words) {
  const { locale } = words;
  const clock = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const format = (/** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat(locale, options);
  const utc = times(locale, "UTC");
  const seconds = format({ ...clock, timeZone: "UTC" });
  const local = format(clock);
  const zone = format({ timeZoneName: "short" });
  const day = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return {
    utc,
    exact: (time) => {
      const at = new Date(time);
      return words.say("day_clock", { day: utc.longDate(at), clock: `${seconds.format(at)} UTC` });
    },
    day: day.format,
    local: (time) => {
      const at = new Date(time);
      const name = zone.formatToParts(at).find(({ type }) => type === "timeZoneName")?.value ?? "";
      return [local.format(at), name, times(locale).longDate(at)];
    },
  };
}
