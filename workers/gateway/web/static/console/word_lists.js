// The word lists of the site: which there are, their terms one a line, and which line is wrong where one is refused.

import { el, say } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { preview } from "./preview.js";

/** @typedef {import("./moderation.js").Moderation} Moderation @typedef {{list: string, count: number, digest: string}} Head */

/** The lists; or one of them. @param {Moderation} moderation @param {string} [name] */
export async function shown(moderation, name) {
  const { words, calls, token } = moderation;
  if (name) return one(moderation, name, await calls.get(`/lists/${encodeURIComponent(name)}`));
  const { lists } = await calls.get("/lists");
  const rows = lists.map(({ list, count }) => el("article.slip.plain", {}, el("span"), el("span.age", {}, words.say("terms_n", { n: count })),
    el("div.what", {}, el("button.act", { type: "button", onclick: () => moderation.open(`words:${list}`) }, el("b", {}, list)))));
  const field = /** @type {HTMLInputElement} */ (el("input", { required: true, pattern: "[a-z0-9\\-]{1,40}", maxlength: "40", spellcheck: "false", autocomplete: "off" }));
  const begin = (/** @type {Event} */ event) => {
    event.preventDefault();
    const taken = lists.some((/** @type {Head} */ { list }) => list === field.value);
    moderation.tried(taken ? moderation.open(`words:${field.value}`) : Promise.resolve(place.replaceChildren(one(moderation, field.value, null))));
  };
  const place = el("div.listed", {}, el("p.label.quiet", {}, words.say("word_lists_what")),
    el("div.slips", {}, ...(rows.length ? rows : [el("p.nothing", {}, words.say("no_lists"))])),
    token.claims.roles?.includes("admin") ? el("form.begin", { onsubmit: begin }, el("label.block", {}, words.say("new_list"), field), el("button.do.plain.small", { type: "submit" }, words.say("begin_list"))) : "");
  return place;
}

/** One list with its terms. Admins change it. @param {Moderation} moderation @param {string} name
 * @param {(Head & {terms: string[]}) | null} there null for a new one. @returns {HTMLElement} */
function one(moderation, name, there) {
  const { words, calls, token } = moderation;
  const admin = Boolean(token.claims.roles?.includes("admin"));
  const path = `/lists/${encodeURIComponent(name)}`;
  const area = /** @type {HTMLTextAreaElement} */ (el("textarea.terms", { rows: "16", dir: "auto", spellcheck: "false", readonly: !admin, "aria-label": name, "aria-describedby": "terms-hint" }));
  area.value = (there?.terms ?? []).join("\n");
  const shown = el("div");
  area.addEventListener("input", () => shown.replaceChildren()); // it was of other terms
  const problem = el("p.problem", { role: "alert" });
  const done = el("span.label", { role: "status" }, there ? words.say("terms_n", { n: there.count }) : "");
  let digest = there?.digest ?? null;
  let busy = false;
  /** The terms with the numbers of their lines. Lines without a term are left out. @returns {[string, number][]} */
  const terms = () => area.value.split("\n").map((line, number) => /** @type {[string, number]} */ ([line.trim(), number])).filter(([term]) => term);
  /** Say what is wrong, and select the line of a term that is. @param {unknown} error @param {[string, number][]} sent */
  const wrong = (error, sent) => {
    const bad = error instanceof Failure ? (error.problem.errors ?? []).find((/** @type {any} */ one) => /\/terms\/\d+$/.test(one.pointer)) : null;
    const [term, line] = bad ? (sent[Number(bad.pointer.split("/").pop())] ?? []) : [];
    if (term === undefined || line === undefined) return say(problem, error instanceof Failure && error.problem.errors?.[0] ? words.say("list_refused", { why: error.problem.errors[0].detail }) : moderation.wrong(error));
    say(problem, words.say("term_refused", { n: line + 1, term, why: bad.detail }));
    const before = area.value.split("\n").slice(0, line).join("\n").length + (line ? 1 : 0);
    area.focus();
    area.setSelectionRange(before, before + area.value.split("\n")[line].length);
  };
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say(problem, "");
    const sent = terms();
    try {
      // What somebody else has put since is not overwritten unseen.
      const now = (await calls.get("/lists")).lists.find((/** @type {Head} */ other) => other.list === name)?.digest ?? null;
      if (now !== digest) {
        digest = now;
        return say(problem, words.say("list_changed"));
      }
      await calls.write("PUT", path, { terms: sent.map(([term]) => term) });
      const { terms: kept, count, digest: made } = await calls.get(path);
      area.value = kept.join("\n");
      digest = made;
      say(done, `${words.say("changed")} ${words.say("terms_n", { n: count })}`);
      removing.hidden = false;
    } catch (error) {
      wrong(error, sent);
    } finally {
      busy = false;
    }
  };
  const look = async () => {
    if (busy) return;
    busy = true;
    say(problem, "");
    const sent = terms();
    try {
      const made = await preview(moderation, name, sent.map(([term]) => term));
      if (String(terms()) === String(sent)) shown.replaceChildren(made);
    } catch (error) {
      wrong(error, sent);
    } finally {
      busy = false;
    }
  };
  const dialog = /** @type {HTMLDialogElement} */ (el("dialog", { "aria-label": words.say("delete_list") }, el("p", {}, words.say("delete_list_sure", { name })), el("div.under", {},
    el("button.act", { type: "button", onclick: () => dialog.close() }, words.say("cancel")),
    el("button.do.no", { type: "button", onclick: () => moderation.tried(calls.write("DELETE", path).then(() => moderation.open("words"))) }, words.say("delete_list")))));
  const removing = el("button.act", { type: "button", hidden: !there || !admin, onclick: () => dialog.showModal() }, words.say("delete_list"));
  return el("form.listed.terms-of", { onsubmit: save }, el("h2", {}, name),
    el("p.label.quiet", { id: "terms-hint" }, words.say(admin ? "terms_hint" : "terms_read_only")), area, problem,
    el("div.acts", {}, admin && el("button.do", { type: "submit" }, words.say("save")),
      admin && el("button.do.plain", { type: "button", onclick: look }, words.say("preview")), removing,
      el("button.act", { type: "button", onclick: () => moderation.open("words") }, words.say("all_lists")), done), shown, dialog);
}
