/** The caller: a token in memory, and its claims about the bearer. The server alone decides what the caller may see. */

import { Token } from "../shared/token.js";

export class Caller extends Token {
  /** Ask for a token. */
  async arrive() {
    await this.renew();
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

  /** The token for a read; null if it shows no more than the public may see, so that caches stay clean.
   * @returns {Promise<string | null>} */
  async token() {
    return this.staff ? this.get() : null;
  }
}
