/** Who looks: a token in memory, and what it says of its bearer. The server alone decides what they may see. */

/** Seconds before its end at which a token is asked for anew. */
const EARLY = 60;

export class Caller {
  /** @param {() => Promise<string | null>} ask */
  constructor(ask) {
    this.ask = ask;
    /** @type {string | null} */
    this.held = null;
    /** @type {{sub?: string, name?: string, roles?: string[], exp?: number}} */
    this.claims = {};
  }

  /** Ask who it is. @returns {Promise<void>} */
  async arrive() {
    this.held = await this.ask();
    this.claims = this.held ? claimsOf(this.held) : {};
  }

  get name() {
    return this.claims.name ?? "";
  }

  /** `auditor`, `moderator`, `other` or `nobody`. */
  get role() {
    const roles = this.claims.roles ?? [];
    if (!this.held) return "nobody";
    return roles.includes("auditor") ? "auditor" : roles.includes("moderator") ? "moderator" : "other";
  }

  get staff() {
    return this.role === "auditor" || this.role === "moderator";
  }

  /** The token for a read; null for whoever sees what everybody sees, so that caches stay clean.
   * @returns {Promise<string | null>} */
  async token() {
    if (!this.staff) return null;
    if (this.claims.exp && this.claims.exp * 1000 - Date.now() < EARLY * 1000) {
      this.asking ??= this.arrive().finally(() => (this.asking = null));
      await this.asking;
    }
    return this.held;
  }
}

/** Ask an address of the page's own origin for a token. @param {string | null} address */
export async function tokenAt(address) {
  if (!address) return null;
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!answer.ok || answer.status === 204) return null;
  return (await answer.json()).token ?? null;
}

/** @param {string} token @returns {any} */
function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}
