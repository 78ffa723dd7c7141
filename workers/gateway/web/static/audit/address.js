/** The address of a moment: what the window names, and what is written there. It has no token and no text. */

/** @typedef {import("./sentences.js").Event} Event */

export class Address {
  /** @param {string} site @param {string} thread */
  constructor(site, thread) {
    this.room = new URL(`/audit/${encodeURIComponent(site)}/${encodeURIComponent(thread)}`, import.meta.url).href;
    this.writing = 0;
  }

  /** Whether the address of the window is that of this room, and not of a page around it. */
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

  /** Put the address of a moment into the window. @param {Event} event @param {boolean} jump Whether Back leads back. */
  write(event, jump) {
    if (!this.hosted) return;
    clearTimeout(this.writing);
    const there = new URL(this.link(event));
    const who = this.#of("as");
    if (who) there.searchParams.set("as", who); // of the sample, whose desk signs for several people
    const { href } = there;
    if (jump) history.pushState(null, "", href);
    // A slider that is dragged would write more often than a browser allows.
    else this.writing = setTimeout(() => history.replaceState(null, "", href), 300);
  }
}
