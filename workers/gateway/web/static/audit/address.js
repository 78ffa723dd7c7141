/**
 * The address of a moment: what the window names, and what is written there. It has no token and no text.
 *
 * A jump has an entry of its own in the history. Steps in a row, as by the slider, share one: the first makes it, the
 * others replace it, until no step was made for `QUIET` milliseconds or a pointer has chosen.
 */

/** @typedef {import("./sentences.js").Event} Event */

const QUIET = 1500;
/** A browser allows about a hundred writes in half a minute: a slider that is dragged would make more. */
const WRITE = 300;

export class Address {
  /** @param {string} site @param {string} thread */
  constructor(site, thread) {
    this.room = new URL(`/audit/${encodeURIComponent(site)}/${encodeURIComponent(thread)}`, import.meta.url).href;
    this.href = "";
    this.stepping = this.held = false;
  }

  /** True if the address of the window is that of this room, and not of a page around it. */
  get hosted() {
    return location.href.split("?")[0] === this.room;
  }

  /** The position that the window names. */
  get named() {
    return this.#of("at");
  }

  /** The comment that the window names. */
  get comment() {
    return this.#of("comment");
  }

  /** @param {string} name */
  #of(name) {
    return this.hosted ? new URL(location.href).searchParams.get(name) : null;
  }

  /** The address of a moment. @param {Event} event */
  link(event) {
    const url = new URL(this.room);
    url.searchParams.set("at", event.position);
    if (event.comment) url.searchParams.set("comment", event.comment);
    return url.href;
  }

  /** Put the address of a moment into the window. @param {Event} event
   * @param {boolean} step Whether more steps may follow, which share its entry. */
  write(event, step) {
    if (!this.hosted) return;
    if (!step) this.settle();
    this.href = this.#own(event);
    if (this.stepping) this.writing ??= setTimeout(() => this.#put(), WRITE);
    else if (this.href !== location.href) history.pushState(null, "", this.href);
    this.stepping = step;
    clearTimeout(this.settling);
    if (step) this.settling = setTimeout(() => this.held || this.settle(), QUIET);
  }

  /** Put the address of a moment into the window instead of another, which names what is not there. @param {Event} event */
  mend(event) {
    if (this.hosted) history.replaceState(null, "", this.#own(event));
  }

  /** End the steps in a row. */
  settle() {
    if (this.writing) this.#put();
    this.leave();
  }

  /** Write nothing any more of steps that were made: the window names another moment. */
  leave() {
    clearTimeout(this.writing);
    clearTimeout(this.settling);
    this.writing = undefined;
    this.stepping = false;
  }

  #put() {
    this.writing = undefined;
    history.replaceState(null, "", this.href);
  }

  /** @param {Event} event */
  #own(event) {
    const url = new URL(this.link(event));
    const who = this.#of("as");
    if (who) url.searchParams.set("as", who); // of the sample, whose desk signs for several people
    return url.href;
  }
}
