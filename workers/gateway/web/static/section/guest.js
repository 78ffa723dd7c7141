// Write as a guest, where the publication takes guests. The guest's token is the only one that is stored, in this tab.

import { el, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";

export class Guest {
  /** @param {import("./writing.js").Writing} writing */
  constructor(writing) {
    this.writing = writing;
    this.words = writing.words;
    this.stored = `hansard:guest:${writing.discussion.api.siteId}`;
    /** @type {string} */
    this.name = "";
    const source = writing.token.source;
    writing.token.source = async () => (await source()) ?? this.held();
  }

  /** The guest of this tab, as long as their token lasts. @returns {string | null} */
  held() {
    try {
      const { token, exp } = JSON.parse(sessionStorage.getItem(this.stored) ?? "null") ?? {};
      return token && exp * 1000 > Date.now() ? token : null;
    } catch {
      return null;
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.stored);
    } catch {
      // Nothing is stored where storage is off.
    }
  }

  /** Offer a name beside a field. @param {import("./composer.js").Composer} composer */
  async show(composer) {
    const { writing, words } = this;
    const field = /** @type {HTMLInputElement} */ (el("input", { "aria-label": words.say("name"), placeholder: words.say("name"), autocomplete: "nickname", maxlength: "80", dir: "auto" }));
    field.value = this.name;
    const shown = el("p.hint");
    field.addEventListener("input", () => {
      this.name = field.value.trim();
      say(shown, this.name ? words.say("shown_as", { name: this.name }) : words.say("guest_name"));
    });
    say(shown, this.name ? words.say("shown_as", { name: this.name }) : words.say("guest_name"));
    composer.name.replaceChildren(field, writing.signing(), shown);
    composer.name.hidden = false;
    if (!writing.token.held && this.held() && (await writing.token.renew())) {
      await writing.signed();
      writing.draw();
    }
  }

  /** Become a guest of the name that is given; without a name, ask for one. @param {import("./composer.js").Composer} composer
   * @returns {Promise<boolean>} Whether there is a guest to post as. */
  async enter(composer) {
    const { writing, words } = this;
    if (!this.name) {
      composer.fail(words.say("not_posted"), words.say("guest_name"));
      composer.name.querySelector("input")?.focus();
      return false;
    }
    try {
      const { token, exp } = await writing.calls.write("POST", "/guests", { name: this.name });
      this.#keep(token, exp);
      writing.token.take(token);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { status, wait } = error;
      composer.fail(words.say("not_posted"), status === 429 ? words.say("too_many", { n: wait || 1 }) : status === 0 || status >= 500 ? words.say("no_answer") : writing.refusal(error));
      return false;
    }
    await writing.signed();
    return true;
  }

  /** @param {string} token @param {number} exp */
  #keep(token, exp) {
    try {
      sessionStorage.setItem(this.stored, JSON.stringify({ token, exp }));
    } catch {
      // Without storage the guest lasts until the page is left.
    }
  }
}
