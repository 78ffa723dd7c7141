/**
 * `<hansard-console site>`: the moderators' page of one site.
 *
 * Attributes: `site`, `name` (of the publication), `lang`, `label` (only threads with it are shown first), `token-url` (an address of the page's own origin that answers
 * with a token), `origins` (the site's, with spaces between: from a window of these that opened this one a token is
 * taken). Property: `token`, an async function that answers with a token or null. A token stays in memory.
 */

import { el } from "../shared/dom.js";
import { prepare } from "../shared/prepare.js";
import { Moderation } from "./moderation.js";
import { SignIn } from "./signin.js";

class HansardConsole extends HTMLElement {
  // No field of the class is `token`: it would overwrite what was given before the class was there.

  connectedCallback() {
    if (!this.shadowRoot) this.attachShadow({ mode: "open" });
    if (!this.running) this.#begin(/** @type {ShadowRoot} */ (this.shadowRoot), (this.running = new AbortController()).signal);
  }

  disconnectedCallback() {
    // An element that is moved is connected again in the same task.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.running?.abort();
      this.running = null;
      this.shadowRoot?.replaceChildren();
    });
  }

  /** @param {ShadowRoot} root @param {AbortSignal} signal */
  async #begin(root, signal) {
    const words = await prepare(this, root, "console");
    if (signal.aborted) return;
    const site = this.getAttribute("site") ?? "";
    const body = el("div.console", { lang: words.language, dir: words.all.direction });
    root.append(body);
    const origins = (this.getAttribute("origins") ?? "").split(/\s+/).filter(Boolean);
    /** @type {Moderation | null} */
    let moderation = null;
    const signin = new SignIn({ element: this, words, site, origins, signal, signed: () => moderation?.signed() });
    moderation = new Moderation(body, { words, site, called: this.getAttribute("name") ?? site, label: this.getAttribute("label") ?? "", signin, signal });
    await moderation.begin();
  }
}

if (!customElements.get("hansard-console")) customElements.define("hansard-console", HansardConsole);
