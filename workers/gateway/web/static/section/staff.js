// Moderation where staff read: on a row, and on the head of the discussion. Only loaded for moderators.

import { part } from "../shared/part.js";
import { attr, el, on, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { Reasons } from "../console/reasons.js";
import { wordsIn } from "../shared/words.js";

const DAY_MS = 86_400_000;
const LENGTHS = [1, 7, 30, 0];

/** @typedef {import("./rows.js").Item} Item */

/** Make the part for moderators. @param {import("./writing.js").Writing} writing */
export async function staff(writing) {
  const [words, policy, { Menu }] = await Promise.all([wordsIn("words/staff", writing.words.language), writing.calls.get(`${writing.path}/policy`), part("section/menu.js")]);
  writing.signal.throwIfAborted();
  writing.acts.menus ??= new Menu(writing);
  return new Staff(writing, words, policy);
}

class Staff {
  /** @param {import("./writing.js").Writing} writing @param {import("../shared/words.js").Words} words @param {any} policy With its overrides. */
  constructor(writing, words, policy) {
    this.writing = writing;
    this.words = words;
    this.policy = policy;
    this.reasons = new Reasons(words);
    this.reasons.take(policy);
    this.menu = writing.acts.menus;
    this.done = el("span.done", { role: "status" });
    this.button = el("button.act.moderate", { type: "button", "aria-haspopup": "true" }, words.say("moderate"));
    on(this.button, "click", () => this.head(), { signal: writing.signal });
    writing.discussion.section.querySelector(".head .state").append(" ", this.button, " ", this.done);
  }

  /** @param {string} key @param {() => void} act */
  #item(key, act) {
    return this.menu.item(this.words.say(key), act);
  }

  /** Entries of the menu of a row. @param {Item} li @param {HTMLElement} opener */
  async items(li, opener) {
    const id = String(li.dataset.key);
    const article = this.writing.discussion.rows.article(li);
    const star = article.querySelector(":scope > .star");
    const pinned = Boolean(star?.classList.contains("pinned"));
    const top = !this.writing.discussion.rows.above(li);
    const link = new URL(`../../../console/${encodeURIComponent(this.writing.discussion.api.siteId)}`, import.meta.url).href;
    const path = `${this.writing.path}/comments/${encodeURIComponent(id)}`;
    return [
      el("hr"),
      this.#item("reject", () => this.reject(li, opener)),
      this.#item("hold", () => this.decide(li, { verdict: "hold" })),
      this.#item(star && !pinned ? "unpick" : "pick", () => this.put(li, `${path}/featured`, Boolean(star) && !pinned, star && !pinned ? "unpicked" : "picked")),
      top && this.#item(pinned ? "unpin" : "pin", () => this.put(li, `${path}/pinned`, pinned, pinned ? "unpinned" : "pinned")),
      this.#item("suspend", () => this.suspend(li, opener)),
      el("a", { href: link, target: "_blank", rel: "noopener" }, this.words.say("open_console")),
    ];
  }

  /** @param {Item} li @param {any} verdict Raises Failure. */
  async decided(li, verdict) {
    const { writing } = this;
    const article = writing.discussion.rows.article(li);
    const path = `${writing.path}/comments/${encodeURIComponent(String(li.dataset.key))}/decisions`;
    const body = { ...verdict, revision: Number(article.dataset.revision), status: "published" };
    const name = article.querySelector(".who > b")?.textContent ?? "";
    const { batch, position } = await writing.calls.write("POST", path, body);
    this.#did(this.words.say(`did.${verdict.verdict}`, { name }), () => writing.calls.write("POST", `/moderation/batches/${encodeURIComponent(batch)}/reversal`));
    return position;
  }

  /** @param {Item} li @param {any} verdict */
  async decide(li, verdict) {
    try {
      await this.decided(li, verdict);
      this.button.focus();
    } catch (error) {
      this.#wrong(li, error);
    }
  }

  /** @param {Item} li @param {string} path @param {boolean} back @param {string} said */
  async put(li, path, back, said) {
    const [to, from] = back ? ["DELETE", "PUT"] : ["PUT", "DELETE"];
    try {
      await this.#put(li, to, path);
      this.#did(this.words.say(said), () => this.#put(li, from, path));
    } catch (error) {
      this.#wrong(li, error);
    }
  }

  /** Write, and show the row as it is then, without asking first. @param {Item} li @param {string} method @param {string} path */
  async #put(li, method, path) {
    const { calls, discussion } = this.writing;
    const { comment } = await calls.write(method, path);
    if (comment) (await discussion.rendering()).show(li, comment);
    discussion.feed?.settled(String(li.dataset.key));
  }

  /** @param {Item} li @param {HTMLElement} opener */
  reject(li, opener) {
    const { words, reasons } = this;
    const name = this.writing.discussion.rows.article(li).querySelector(".who > b")?.textContent ?? "";
    const tells = /** @type {HTMLTextAreaElement} */ (el("textarea", { name: "reason", rows: "2", maxlength: "500", dir: "auto" }));
    const note = el("input", { name: "note", maxlength: "500", dir: "auto" });
    let own = false;
    tells.addEventListener("input", () => (own = tells.value !== ""));
    const radios = reasons.list.map(({ code }) => el("label", {}, el("input", { type: "radio", name: "code", value: code, onchange: () => {
      if (!own) tells.value = reasons.tells(code);
    } }), reasons.label(code)));
    this.menu.ask(words.say("reject_because", { name }), opener, [el("fieldset", {}, el("legend.sr", {}, words.say("reject_because", { name })), ...radios),
      el("label.block", {}, words.say("reads", { name }), tells), el("label.block", {}, words.say("note"), note)], words.say("reject_now"), async (form) => {
      const given = new FormData(form);
      const [code, reason, said] = ["code", "reason", "note"].map((one) => String(given.get(one) ?? "").trim());
      await this.decided(li, { verdict: "reject", ...(code && { code }), ...(reason && { reason }), ...(said && { note: said }) });
    });
  }

  /** @param {Item} li @param {HTMLElement} opener */
  suspend(li, opener) {
    const { words, writing } = this;
    const article = writing.discussion.rows.article(li);
    const { by } = article.dataset;
    const name = article.querySelector(".who > b")?.textContent ?? "";
    const length = el("select", { name: "days" }, ...LENGTHS.map((n) => el("option", { value: n }, n ? words.say("days", { n }) : words.say("for_good"))));
    const reason = el("input", { name: "reason", required: true, maxlength: "500", dir: "auto" });
    const path = `/members/${encodeURIComponent(String(by))}/suspension`;
    this.menu.ask(words.say("suspend_whom", { name }), opener, [el("label.block", {}, words.say("how_long"), length), el("label.block", {}, words.say("reads", { name }), reason)], words.say("suspend_now"), async (form) => {
      const given = new FormData(form);
      const days = Number(given.get("days"));
      const until = days ? new Date(writing.now + days * DAY_MS).toISOString() : undefined;
      await writing.calls.write("PUT", path, { until, reason: String(given.get("reason")).trim() });
      this.#did(words.say("did.suspend", { name }), () => writing.calls.write("DELETE", path));
    });
  }

  /** Open the menu of the discussion as a whole. */
  head() {
    const { writing, words, policy, menu } = this;
    const open = writing.discussion.section.dataset.status === "open";
    const waits = policy.overrides?.premoderation === "all";
    menu.show(this.button, [
      this.#item(open ? "close_it" : "open_it", () => this.status(open ? "closed" : "open")),
      this.#item(waits ? "wait_no_more" : "wait_all", () => this.override({ premoderation: waits ? undefined : "all" })),
      this.#item("banner", () => this.banner()),
    ]);
    menu.list.querySelector("button")?.focus();
  }

  /** @param {"open" | "closed"} status */
  async status(status) {
    const { writing, words } = this;
    const before = writing.discussion.section.dataset.status;
    const set = (/** @type {string | undefined} */ to) => writing.calls.write("PUT", `${writing.path}/status`, { status: to });
    try {
      await set(status);
      this.#did(words.say(`did.${status}`), () => set(before));
    } catch (error) {
      this.#wrong(null, error);
    }
  }

  /** Change an override, with the others as they are. @param {any} change undefined takes one away. */
  async override(change) {
    const { writing, words } = this;
    const path = `${writing.path}/policy`;
    const { overrides: before } = await writing.calls.get(path);
    const put = async (/** @type {any} */ overrides) => {
      await writing.calls.write("PUT", path, overrides);
      this.policy = await writing.calls.get(path);
      writing.policy = this.policy;
      writing.draw();
    };
    try {
      await put({ ...before, ...change });
      this.#did(words.say("did.policy"), () => put(before));
    } catch (error) {
      this.#wrong(null, error);
    }
  }

  banner() {
    const { words, policy, writing } = this;
    const language = policy.language ?? words.language;
    const text = /** @type {HTMLTextAreaElement} */ (el("textarea", { name: "text", rows: "3", maxlength: "500", dir: "auto" }));
    text.value = policy.banner?.[language] ?? "";
    this.menu.ask(words.say("banner_what"), this.button, [el("label.block", {}, words.say("banner_text"), text)], words.say("save"), async (form) => {
      const said = String(new FormData(form).get("text")).trim();
      const { overrides } = await writing.calls.get(`${writing.path}/policy`);
      const banner = { ...(overrides?.banner ?? policy.banner ?? {}), [language]: said };
      if (!said) delete banner[language];
      await writing.calls.write("PUT", `${writing.path}/policy`, { ...overrides, banner });
      writing.policy = this.policy = await writing.calls.get(`${writing.path}/policy`);
      writing.draw();
    });
  }

  /** Say what was done, and offer to undo it. @param {string} said @param {() => Promise<any>} undo */
  #did(said, undo) {
    const { done, words } = this;
    const back = el("button.act", { type: "button", onclick: async () => {
      attr(back, "aria-disabled", true);
      try {
        const { results = [] } = (await undo()) ?? {};
        done.replaceChildren(words.say(results.some((/** @type {any} */ one) => one.problem) ? "undone_not" : "undone"));
      } catch (error) {
        this.#wrong(null, error);
      }
      this.button.focus();
    } }, words.say("undo"));
    done.replaceChildren(said, " ", back);
  }

  /** @param {Item | null} li @param {unknown} error */
  #wrong(li, error) {
    const { writing, words, done } = this;
    if (!(error instanceof Failure)) throw error;
    const { decided } = error.problem;
    const said = decided ? words.say("clash", { name: decided.by?.name ?? decided.by?.id ?? decided.by }) : writing.refusal(error);
    if (li) writing.acts.say(li, said);
    else say(done, said);
  }
}
