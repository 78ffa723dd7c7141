// The calls of the API that reading needs. They are the same for all readers, so none of them carries a token.

/** An error response, or a failure of the network. */
export class Problem extends Error {
  /** @param {number} status 0 where the network failed. @param {string} slug Last part of the problem's type. */
  constructor(status, slug) {
    super(`${status} ${slug}`);
    this.status = status;
    this.slug = slug;
  }
}

export class Api {
  /** @param {URL} base @param {string} site @param {string} thread @param {AbortSignal} signal */
  constructor(base, site, thread, signal) {
    const part = encodeURIComponent;
    this.siteId = site;
    this.threadId = thread;
    this.site = new URL(`v1/sites/${part(site)}/`, base);
    this.thread = new URL(`threads/${part(thread)}`, this.site);
    this.signal = signal;
  }

  /** @param {string} path Below the thread. @param {string} [query] */
  address(path, query = "") {
    const found = new URL(this.thread);
    found.pathname += path;
    found.search = query;
    return found;
  }

  /** @param {URL} address @returns {Promise<any>} Raises Problem. */
  async get(address) {
    const answer = await fetch(address, { credentials: "omit", signal: this.signal }).catch((error) => {
      throw this.signal.aborted ? error : new Problem(0, "network");
    });
    if (answer.ok) return answer.json();
    const problem = await answer.json().catch(() => ({}));
    throw new Problem(answer.status, String(problem.type ?? "").split("/").pop() ?? "");
  }

  /** A page of the thread. @param {string} query @param {string} [cursor] */
  page(query, cursor) {
    return this.get(this.address("", cursor ? `${query}&cursor=${encodeURIComponent(cursor)}` : query));
  }

  /** More replies of a comment. @param {string} id @param {string} cursor */
  replies(id, cursor) {
    return this.get(this.address(`/comments/${id}/replies`, `limit=20&depth=4&cursor=${encodeURIComponent(cursor)}`));
  }

  /** One comment with its ancestors and replies. @param {string} id */
  comment(id) {
    return this.get(this.address(`/comments/${encodeURIComponent(id)}`));
  }

  /** Versions of a comment with word diffs, oldest first. @param {string} id @param {string | null} cursor */
  revisions(id, cursor) {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : "";
    return this.get(this.address(`/comments/${id}/revisions`, `diff=words${more}`));
  }

  policy() {
    return this.get(this.address("/policy"));
  }

  /** True if the site exists: a thread without a page is then one without any comment yet. @returns {Promise<boolean>} */
  opens() {
    return this.policy().then(() => true, () => false);
  }

  /** Number of published comments. @returns {Promise<number>} */
  async count() {
    const found = new URL("counts", this.site);
    found.searchParams.append("thread", this.threadId);
    return (await this.get(found)).counts[this.threadId] ?? 0;
  }
}
