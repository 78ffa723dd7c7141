/** Going to a time that was entered, in UTC: to the moment that stood then. Loaded when it is first asked for. */

import { attr, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";

/** Milliseconds up to the end of a second: what happened within it had happened when it was over. */
const WITHIN = 999;

/** Go to the time in the field, or say why not. @param {import("./room.js").Room} room */
export async function goTo(room) {
  const { words, numbers, calls, exact, heading: { field, wrong } } = room;
  await room.furnished;
  const refuse = (/** @type {string} */ key, values = {}) => {
    say(wrong, key && words.say(key, values));
    attr(field, "aria-invalid", key ? "true" : null);
    if (key) field.focus();
  };
  const time = field.validity.valid ? Date.parse(`${field.value}Z`) : NaN;
  const [begin] = numbers.parts;
  if (!Number.isFinite(time)) return refuse("when_bad");
  if (time + WITHIN < begin.at) return refuse("when_before", { time: exact(begin.at) });
  if (time > Date.now()) return refuse("when_after");
  try {
    const at = new Date(Math.min(time + WITHIN, Date.now())).toISOString();
    const { thread } = await calls.get("", { at, limit: 1, replies: 0 });
    refuse("");
    await room.to(thread.position);
  } catch (error) {
    // The clocks differ, or the first event is not shown.
    if (!(error instanceof Failure) || error.status >= 500) throw error;
    refuse(error.slug === "not-yet-opened" ? "when_before" : "when_after", { time: exact(begin.at) });
  }
}
