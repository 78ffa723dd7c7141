// A token in memory. It is asked for when it is needed, never stored, and never part of an address.

/** Milliseconds before its end at which a token is asked for again. */
const EARLY_MS = 60_000;

/** @typedef {{sub?: string, name?: string, kind?: string, roles?: string[], exp?: number}} Claims */

export class Token {
  /** @param {() => Promise<string | null>} source Answers with a token, or null without a sign-in. */
  constructor(source) {
    this.source = source;
    /** @type {string | null} */
    this.held = null;
    /** The claims of the token. The server alone decides what they may do. @type {Claims} */
    this.claims = {};
    /** @type {Promise<string | null> | null} */
    this.asking = null;
  }

  /** Milliseconds until the token ends; without one, or without an end, Infinity. */
  get left() {
    return this.held && this.claims.exp ? this.claims.exp * 1000 - Date.now() : Infinity;
  }

  /** The token, asked for again shortly before its end. @returns {Promise<string | null>} */
  async get() {
    return this.held && this.left > EARLY_MS ? this.held : this.renew();
  }

  /** Ask for a token. Callers at the same time share one question. A source that fails leaves a valid token in place. */
  renew() {
    this.asking ??= this.source()
      .then((token) => this.take(token))
      .catch(() => (this.left > 0 ? this.held : this.take(null)))
      .finally(() => (this.asking = null));
    return this.asking;
  }

  /** @param {string | null} token */
  take(token) {
    this.held = token || null;
    this.claims = this.held ? claimsOf(this.held) : {};
    return this.held;
  }
}

/** Ask an address of the page's own origin for a token. 204 means that there is no sign-in. @param {string | null} address */
export async function tokenAt(address) {
  if (!address) return null;
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error(`no token: ${answer.status}`);
  return (await answer.json()).token ?? null;
}

/** @param {string} token @returns {Claims} */
function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}
