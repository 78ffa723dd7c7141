// Threads by their ids, the titles, labels and names of people that were seen, and ages.

import { nameOf } from "./item.js";

export const MINUTE_MS = 60_000;

export class Known {
  /** @param {import("../shared/words.js").Words} words @param {import("../shared/calls.js").Calls} calls */
  constructor(words, calls) {
    this.words = words;
    this.calls = calls;
    /** @type {Map<string, Promise<any>>} */
    this.threads = new Map();
    /** @type {Map<string, string>} */
    this.titles = new Map();
    /** @type {Map<string, string>} */
    this.people = new Map();
    /** @type {Set<string>} */
    this.labels = new Set();
  }

  /** A thread by its id. The list of threads alone has a title that is not confirmed. @param {string} id */
  thread(id) {
    let found = this.threads.get(id);
    if (!found) {
      found = this.calls.get(`/threads/${encodeURIComponent(id)}`, { limit: 1, replies: 0 }).then(async ({ thread }) => {
        if (!thread.title) (await this.calls.get("/threads", { url: thread.url })).threads.map(this.see, this);
        this.see(thread);
        return thread;
      });
      found.catch(() => this.threads.delete(id));
      this.threads.set(id, found);
    }
    return found;
  }

  /** Keep the title and the labels of a thread. @param {any} thread */
  see({ id, title, unverified_title: unverified, labels = [] }) {
    this.titles.set(id, title ?? unverified ?? this.titled(id));
    for (const label of labels) this.labels.add(label);
  }

  /** @param {string} id */
  titled(id) {
    return this.titles.get(id) ?? id;
  }

  /** The name of a person, as far as it is known. @param {any} by */
  person(by) {
    const name = nameOf(by);
    return this.people.get(name) ?? name;
  }

  /** "19 min" @param {string} time */
  age(time) {
    const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(time)) / MINUTE_MS));
    const { words } = this;
    if (minutes < 60) return words.say("age_minutes", { n: minutes });
    return minutes < 48 * 60 ? words.say("age_hours", { n: Math.floor(minutes / 60) }) : words.say("age_days", { n: Math.floor(minutes / 1440) });
  }

  /** "19 min ago" @param {string} time */
  ago(time) {
    const recent = Date.now() - Date.parse(time) < MINUTE_MS;
    return recent ? this.words.say("moment_ago") : this.words.say("ago", { age: this.age(time) });
  }
}
