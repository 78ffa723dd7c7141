// The rules of a live stream: when it is open, and when it is tried again. `step` is the state machine; `Live` runs it.

import { on } from "./dom.js";

export const HIDDEN_MS = 60_000;
export const SILENT_MS = 30_000;
export const LOST_MS = 10_000;
const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * `seen`: the page is visible, or was within the last minute. `near`: it was close to the window once. `phase`: `idle`,
 * `open` (asked for or running), `waiting` (for the next try) or `over` (there is nothing to follow any more).
 * @typedef {{ seen: boolean, near: boolean, paused: boolean, failures: number,
 *   phase: "idle" | "open" | "waiting" | "over", good: boolean }} State
 * @typedef {{ type: string, asked?: number, chance?: number }} Change `asked`: milliseconds that the server asks for.
 */

/** @type {State} */
export const START = { seen: true, near: false, paused: false, failures: 0, phase: "idle", good: false };

/**
 * The transition on a change: the next state, and the action: `open`, `close`, or milliseconds to wait.
 * @param {State} state @param {Change} change
 * @returns {[State, "open" | "close" | number | null]}
 */
export function step(state, change) {
  if (state.phase === "over") return [state, null];
  switch (change.type) {
    case "good": // A frame or a beat has come.
      return state.phase === "open" ? [{ ...state, good: true, failures: 0 }, null] : [state, null];
    case "end": {
      // The stream has ended or was refused. One that had begun well is asked for again soon.
      if (state.phase !== "open") return [state, null];
      const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(state.failures, 6));
      const wait = Math.max(change.asked ?? 0, (change.chance ?? 1) * most);
      return [{ ...state, phase: "waiting", good: false, failures: state.failures + 1 }, wait];
    }
    case "gone": // 204: never again.
      return [{ ...state, phase: "over", good: false }, "close"];
    case "timer":
    case "now":
      return state.phase === "waiting" ? settled({ ...state, phase: "idle" }) : [state, null];
    case "visible":
      return settled({ ...state, seen: true });
    case "hidden":
      return settled({ ...state, seen: false });
    case "near":
      return settled({ ...state, near: true });
    case "pause":
      return settled({ ...state, paused: true });
    case "resume":
      return settled({ ...state, paused: false });
    default:
      throw new Error(`unknown change: ${change.type}`);
  }
}

/** @param {State} state @returns {[State, "open" | "close" | null]} */
function settled(state) {
  const wanted = state.seen && state.near && !state.paused;
  if (wanted && state.phase === "idle") return [{ ...state, phase: "open" }, "open"];
  if (!wanted && state.phase !== "idle") return [{ ...state, phase: "idle", good: false, failures: 0 }, "close"];
  return [state, null];
}

/** A stream of server-sent events that follows these rules. Read by `fetch`: EventSource tells neither status nor beats. */
export class Live {
  /**
   * @param {object} given
   * @param {(after: string) => URL} given.address Where the stream is, from a position on.
   * @param {string} given.after The position that the page has.
   * @param {(kind: string, data: any, id: string | null) => void} given.frame Takes a frame.
   * @param {() => void} given.changed Called when `label` may be another.
   * @param {() => Promise<Record<string, string>>} [given.headers] Headers of each request.
   */
  constructor({ address, after, frame, changed, headers = async () => ({}) }) {
    this.address = address;
    this.after = after;
    this.frame = frame;
    this.changed = changed;
    this.headers = headers;
    this.state = START;
    /** When the next try is, in milliseconds since the page began: a clock that is set back or forth changes nothing. */
    this.next = 0;
    /** Since when nothing good has come, in the same unit. */
    this.since = 0;
    this.listening = new AbortController();
    this.timers = { next: 0, hide: 0, lost: 0, silent: 0 };
    /** True if a stream has begun, good or not. */
    this.connected = false;
    /** @type {AbortController | null} */
    this.stream = null;
  }

  /** Milliseconds since 1970 of the next try, by the clock as it is now. */
  get due() {
    return Date.now() + this.next - performance.now();
  }

  /** The state as readers see it: `live`, `paused`, `lost` or `over`. */
  get label() {
    if (this.state.phase === "over") return "over";
    if (this.state.paused) return "paused";
    return this.since && !this.connected && performance.now() - this.since >= LOST_MS ? "lost" : "live";
  }

  /** Begin to follow the rules. The stream opens after `near`. */
  begin() {
    const { signal } = this.listening;
    const seen = () => {
      clearTimeout(this.timers.hide);
      if (document.visibilityState === "visible") this.tell("visible");
      else this.timers.hide = setTimeout(() => this.tell("hidden"), HIDDEN_MS);
    };
    on(document, "visibilitychange", seen, { signal });
    on(window, "pageshow", seen, { signal });
    on(window, "pagehide", () => this.tell("hidden"), { signal });
    on(window, "online", () => this.tell("now"), { signal });
    if (document.visibilityState !== "visible") this.state = { ...START, seen: false };
  }

  /** Follow from another position: of a page that was read since. @param {string} after */
  from(after) {
    this.after = after;
    if (this.state.phase !== "open") return;
    this.stream?.abort();
    this.open();
  }

  /** Close for good. */
  end() {
    this.listening.abort();
    this.stream?.abort();
    Object.values(this.timers).forEach(clearTimeout);
    this.state = { ...this.state, phase: "over" };
  }

  /** @param {string} type A change of `step`. @param {Partial<Change>} [more] */
  tell(type, more = {}) {
    const [state, wanted] = step(this.state, { type, chance: Math.random(), ...more });
    this.state = state;
    if (typeof wanted === "number") {
      this.next = performance.now() + wanted;
      this.timers.next = setTimeout(() => this.tell("timer"), wanted);
    } else if (wanted) {
      clearTimeout(this.timers.next);
      this.stream?.abort();
      this.stream = null;
      if (wanted === "open") this.open();
      else this.well();
    }
    this.changed();
  }

  /** Nothing is wrong, or nothing is asked for. */
  well() {
    this.connected = false;
    this.since = 0;
    clearTimeout(this.timers.lost);
    clearTimeout(this.timers.silent);
  }

  async open() {
    const stream = (this.stream = new AbortController());
    if (!this.since) {
      this.since = performance.now();
      this.timers.lost = setTimeout(this.changed, LOST_MS);
    }
    const asked = await this.read(stream).catch(() => 0);
    if (this.stream !== stream) return;
    this.connected = false;
    clearTimeout(this.timers.silent);
    this.tell("end", { asked });
  }

  /** Read one stream to its end. @param {AbortController} stream @returns {Promise<number>} Milliseconds to wait. */
  async read(stream) {
    const { signal } = stream;
    let heard = performance.now();
    const watch = (ms) => {
      this.timers.silent = setTimeout(() => {
        const left = heard + SILENT_MS - performance.now();
        if (left > 0) watch(left);
        else stream.abort();
      }, ms);
    };
    clearTimeout(this.timers.silent);
    watch(SILENT_MS);
    const answer = await fetch(this.address(this.after), { signal, headers: await this.headers(), cache: "no-store", credentials: "omit" });
    if (this.stream === stream && answer.status === 204) this.tell("gone");
    if (answer.status !== 200 || !answer.body) return Number(answer.headers.get("Retry-After") ?? 0) * 1000 || 0;
    let retry = 0;
    let held = "";
    this.connected = true;
    this.changed();
    const reader = answer.body.getReader();
    // Not a stream of its own, which takes as long for each piece as all else that is done with it.
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return retry;
      heard = performance.now();
      const text = decoder.decode(value, { stream: true });
      const blocks = (held + text.replaceAll("\r\n", "\n")).split("\n\n");
      held = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = fieldsOf(block);
        if (fields.retry) retry = Number(fields.retry);
        else if (!this.state.good) {
          this.since = 0;
          this.tell("good");
        }
        if (fields.id) this.after = fields.id;
        if (fields.data) this.frame(fields.event ?? "message", JSON.parse(fields.data), fields.id ?? null);
      }
    }
  }
}

/** The fields of one event (WHATWG HTML, 9.2.6). @param {string} block @returns {Record<string, string>} */
function fieldsOf(block) {
  const found = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name) found[name] = name === "data" && "data" in found ? `${found.data}\n${value}` : value;
  }
  return found;
}
