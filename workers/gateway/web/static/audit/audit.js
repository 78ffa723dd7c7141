/**
 * `<hansard-audit site thread>`: the audit room of one thread.
 *
 * Attributes: `site`, `thread`, `name` of the publication, `lang` (without it the browser's languages), `token-url` (an
 * address of the same origin that answers with a token). Property: `token`, an async function that answers with a token or null. A token stays in
 * memory. Without one, or with one of another role, the room shows what everybody may see.
 */

import { el } from "../shared/dom.js";
import { prepare } from "../shared/prepare.js";
import { tokenAt } from "../shared/token.js";
import { Caller } from "./caller.js";
import { Room } from "./room.js";

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
    const words = await prepare(this, root, "audit");
    const body = el("div.audit", { lang: words.language, dir: words.all.direction });
    root.append(body);
    const own = /** @type {{token?: () => Promise<string | null>}} */ (this);
    const of = (/** @type {string} */ name) => this.getAttribute(name);
    const caller = new Caller(() => (own.token ? own.token() : tokenAt(of("token-url"))));
    this.room = new Room(body, { words, caller, site: of("site") ?? "", thread: of("thread") ?? "", called: of("name") });
    await this.room.begin();
  }
}

if (!customElements.get("hansard-audit")) customElements.define("hansard-audit", HansardAudit);
