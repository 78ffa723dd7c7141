/** A response that is not what was asked for. Status 0: there was none. */
export class Failure extends Error {
  /** @param {number} status @param {any} [problem] @param {number} [wait] Seconds after which to try again. */
  constructor(status, problem = {}, wait = 0) {
    super(`${status} ${problem.type ?? ""}`);
    this.status = status;
    this.problem = problem;
    /** The problem's code, such as `history-not-public`. */
    this.slug = String(problem.type ?? "").split("/").pop() ?? "";
    this.wait = wait;
  }

  /** True if what was asked for was refused, and had not been done before: 401 and 429 are said of a repeat, too. */
  get clear() {
    return this.status >= 400 && this.status < 500 && ![401, 408, 429].includes(this.status);
  }
}
