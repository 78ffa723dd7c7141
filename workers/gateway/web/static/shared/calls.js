// Calls of a site with a token: reads that are compared, writes that are done once.

import { Failure } from "./failure.js";

export class Calls {
  /** @param {string} site @param {import("./token.js").Token} token @param {AbortSignal} signal */
  constructor(site, token, signal) {
    // The files of a release lie three folders below the address of the gateway.
    this.base = new URL(`../../../v1/sites/${encodeURIComponent(site)}`, import.meta.url).href;
    this.token = token;
    this.signal = signal;
    /** The last response of each read, with its ETag. @type {Map<string, {tag: string, body: any}>} */
    this.kept = new Map();
    /** The last write of each path that has no clear answer yet. @type {Map<string, {text: string, key: string}>} */
    this.open = new Map();
  }

  /** The path of a comment. @param {string} thread @param {string} comment */
  static comment(thread, comment) {
    return `/threads/${encodeURIComponent(thread)}/comments/${encodeURIComponent(comment)}`;
  }

  /** @param {string} path @param {Record<string, any>} [query] Values that are null are left out. */
  address(path, query = {}) {
    const url = new URL(this.base + path);
    for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined) url.searchParams.set(name, value);
    return url;
  }

  /** Read a document. Raises Failure. @param {string} path @param {Record<string, any>} [query] @returns {Promise<any>} */
  async get(path, query) {
    const { href } = this.address(path, query);
    const before = this.kept.get(href);
    const answer = await this.#send(href, { headers: before ? { "If-None-Match": before.tag } : {} });
    if (answer.status === 304 && before) return before.body;
    const body = await this.#read(answer);
    const tag = answer.headers.get("ETag");
    if (tag) this.kept.set(href, { tag, body });
    return body;
  }

  /** Write. Raises Failure. The same write has the same key until it has a clear answer, so that it is done once.
   * @param {string} method @param {string} path @param {any} [body] @param {string} [key] For what outlives the page.
   * @param {Record<string, string>} [more] More headers. @returns {Promise<any>} */
  async write(method, path, body, key, more = {}) {
    const sent = body && JSON.stringify(body);
    const text = `${method} ${sent}`;
    let last = this.open.get(path);
    if (last?.text !== text) this.open.set(path, (last = { text, key: newKey() }));
    /** @type {Record<string, string>} */
    const headers = { "Idempotency-Key": key ?? last.key, ...more };
    if (sent) headers["Content-Type"] = "application/json";
    const settled = () => this.open.get(path) === last && this.open.delete(path);
    try {
      const answer = await this.#read(await this.#send(this.address(path).href, { method, headers, body: sent }));
      settled();
      return answer;
    } catch (error) {
      if (error instanceof Failure && error.clear) settled();
      throw error;
    }
  }

  /** Write while the page is left. Nothing waits for the response. @param {string} method @param {string} path @param {any} body */
  leave(method, path, body) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json" };
    const { held } = this.token;
    if (held) headers.Authorization = `Bearer ${held}`;
    fetch(this.address(path).href, { method, headers, body: JSON.stringify(body), keepalive: true, credentials: "omit" }).catch(() => {});
  }

  /** @param {Response} answer */
  async #read(answer) {
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) return body;
    throw new Failure(answer.status, body, Number(answer.headers.get("Retry-After")) || 0);
  }

  /** @param {string} href @param {any} options */
  async #send(href, options) {
    const token = await this.token.get();
    let answer = await this.#fetch(href, options, token);
    if (answer.status === 401) {
      const other = await this.token.renew();
      if (other && other !== token) answer = await this.#fetch(href, options, other);
    }
    return answer;
  }

  /** @param {string} href @param {any} options @param {string | null} token */
  async #fetch(href, options, token) {
    const headers = token ? { ...options.headers, Authorization: `Bearer ${token}` } : options.headers;
    try {
      return await fetch(href, { ...options, headers, signal: this.signal, credentials: "omit", cache: "no-store" });
    } catch (error) {
      if (this.signal.aborted) throw error;
      throw new Failure(0);
    }
  }
}

/** A key of a write. */
export function newKey() {
  return crypto.randomUUID();
}
