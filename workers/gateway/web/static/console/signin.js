// Source of the console's token: the page around it, an address of its own origin, the window that opened it, or
// a field. A window that is signed in later hands its token on to the other consoles of the same person.

import { el, on, say } from "../shared/dom.js";
import { Token, tokenAt } from "../shared/token.js";

/** Milliseconds that the window that opened this one has for an answer. */
const ANSWER_MS = 10_000;
/** Milliseconds before its end at which a sign-in that cannot be renewed is said to end. */
const WARN_MS = 5 * 60_000;
const LOOK_MS = 15_000;

export class SignIn {
  /**
   * @param {object} given
   * @param {HTMLElement & {token?: () => Promise<string | null>}} given.element
   * @param {import("../shared/words.js").Words} given.words @param {string} given.site @param {string[]} given.origins
   * @param {AbortSignal} given.signal @param {() => void} given.signed Called after each sign-in.
   */
  constructor({ element, words, site, origins, signal, signed }) {
    this.own = element;
    this.words = words;
    this.origins = origins;
    this.signed = signed;
    this.token = new Token(() => this.#source());
    /** The person who signed in first in this window: no other goes on in it. */
    this.subject = "";
    /** @type {((token: string | null) => void) | null} */
    this.answered = null;
    this.others = new BroadcastChannel(`hansard/console/${site}`);
    const field = /** @type {HTMLInputElement} */ (el("input", { type: "password", autocomplete: "off", name: "token" }));
    this.text = el("p", { role: "alert" });
    this.element = el("form.signin", { hidden: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#received(field.value.trim());
      field.value = "";
    } }, this.text, el("button.do", { type: "button", onclick: () => this.again() }, words.say("sign_in_again")),
      el("details", {}, el("summary", {}, words.say("paste")), el("label", {}, words.say("token"), " ", field), " ",
        el("button.do.plain", { type: "submit" }, words.say("use"))));
    on(window, "message", (event) => this.#message(event), { signal });
    on(this.others, "message", ({ data }) => this.#handed(data), { signal });
    const timer = setInterval(() => this.#look(), LOOK_MS);
    on(signal, "abort", () => {
      clearInterval(timer);
      this.others.close();
    });
  }

  /** True if a token can be renewed without a new sign-in. */
  get renewable() {
    return Boolean(this.own.token || this.own.getAttribute("token-url") || this.#opener);
  }

  get #opener() {
    return window.opener && !window.opener.closed && this.origins.length ? window.opener : null;
  }

  /** Say how to sign in. Text typed elsewhere stays. @param {string} key */
  ask(key) {
    say(this.text, this.words.say(key));
    this.element.hidden = false;
  }

  async again() {
    if (await this.token.renew()) this.#took();
    else this.ask("signed_out");
  }

  #took() {
    const { sub = "" } = this.token.claims;
    if (this.subject && this.subject !== sub) {
      this.token.take(null);
      this.ask("another_person");
      return;
    }
    this.subject = sub;
    this.element.hidden = true;
    this.signed();
  }

  /** @returns {Promise<string | null>} */
  async #source() {
    if (this.own.token) return this.own.token();
    const address = this.own.getAttribute("token-url");
    if (address) return tokenAt(address);
    const opener = this.#opener;
    if (!opener) return this.token.left > 0 && this.token.left < Infinity ? this.token.held : null;
    return new Promise((done) => {
      const late = setTimeout(() => done(null), ANSWER_MS);
      this.answered = (token) => {
        clearTimeout(late);
        this.answered = null;
        done(token);
      };
      for (const origin of this.origins) opener.postMessage({ hansard: "token" }, origin);
    });
  }

  /** A token from the window that opened this one, from an origin of the site and no other. @param {MessageEvent} event */
  #message({ source, origin, data }) {
    if (!window.opener || source !== window.opener || !this.origins.includes(origin)) return;
    if (data?.hansard !== "token" || typeof data.token !== "string") return;
    if (this.answered) this.answered(data.token);
    else this.#received(data.token);
  }

  /** @param {string} token */
  #received(token) {
    if (!token) return;
    this.token.take(token);
    this.#took();
    if (this.token.held) this.others.postMessage({ sub: this.token.claims.sub, token });
  }

  /** A token of the same person from another window of this origin, where this one's ends earlier. @param {any} data */
  #handed(data) {
    if (!data || data.sub !== this.subject || !this.subject || this.renewable) return;
    const { left } = this.token;
    const other = new Token(async () => null);
    other.take(String(data.token));
    if (other.claims.sub !== this.subject || (this.token.held && other.left <= left)) return;
    this.token.take(other.held);
    this.#took();
  }

  #look() {
    if (!this.token.held || this.renewable || this.token.left > WARN_MS) return;
    const n = Math.max(0, Math.ceil(this.token.left / 60_000));
    say(this.text, n ? this.words.say("ends_soon", { n }) : this.words.say("signed_out"));
    this.element.hidden = false;
  }

  /** Hand the token of this window on, once it has one. */
  announce() {
    if (this.token.held) this.others.postMessage({ sub: this.token.claims.sub, token: this.token.held });
  }
}
