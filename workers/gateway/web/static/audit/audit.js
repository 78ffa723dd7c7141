/**
 * `<hansard-audit site thread>`: the audit room of one thread.
 *
 * Attributes: `site`, `thread`, `token-url` (an address of the same origin that answers with a token). Property:
 * `token`, an async function that answers with a token or null. A token stays in memory. Without one, or with one of
 * another role, the room shows what everybody may see.
 */

import { el, on } from "../shared/dom.js";
import { Words } from "../shared/words.js";
import { Caller, tokenAt } from "./caller.js";
import { Room } from "./room.js";

const STYLES = ["../css/tokens.css", "../css/audit.css"];

class HansardAudit extends HTMLElement {
  // No field of the class is `token`: it would overwrite what was given before the class was there.

  connectedCallback() {
    if (!this.shadowRoot) this.#begin(this.attachShadow({ mode: "open" }));
  }

  disconnectedCallback() {
    this.room?.end();
  }

  /** @param {ShadowRoot} root */
  async #begin(root) {
    const links = STYLES.map((path) => el("link", { rel: "stylesheet", href: new URL(path, import.meta.url).href }));
    const styled = Promise.all(links.map((link) => new Promise((done) => on(link, "load error", done))));
    root.append(...links);
    const answer = await fetch(new URL("words/en.json", import.meta.url));
    const words = new Words("en", await answer.json());
    await styled;
    const body = el("div.audit");
    root.append(body);
    const own = /** @type {{token?: () => Promise<string | null>}} */ (this);
    const of = (/** @type {string} */ name) => this.getAttribute(name);
    const caller = new Caller(() => (own.token ? own.token() : tokenAt(of("token-url"))));
    this.room = new Room(body, { words, caller, site: of("site") ?? "", thread: of("thread") ?? "", called: of("name") ?? of("site") ?? "" });
    await this.room.begin();
  }
}

if (!customElements.get("hansard-audit")) customElements.define("hansard-audit", HansardAudit);
