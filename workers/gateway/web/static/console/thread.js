// A discussion as staff set it: its title and labels, whether it is open, whether new comments wait, the text above the field.

import { el, say } from "../shared/dom.js";

/** @typedef {import("./moderation.js").Moderation} Moderation */

/** @param {Moderation} moderation @param {string} id */
export async function shown(moderation, id) {
  const { calls } = moderation;
  const path = `/threads/${encodeURIComponent(id)}`;
  const [{ thread: there }, policy] = await Promise.all([calls.get(path, { limit: 1, replies: 0 }), calls.get(`${path}/policy`)]);
  // Only the list of threads has a title that is not confirmed.
  const { threads } = there.title === null ? await calls.get("/threads", { url: there.url }) : { threads: [] };
  const unverified = threads.find((/** @type {any} */ one) => one.id === id)?.unverified_title;
  const element = el("details.thread");
  draw(moderation, element, { path, there, policy, unverified });
  return element;
}

/** @param {Moderation} moderation @param {HTMLElement} element @param {{path: string, there: any, policy: any, unverified?: string}} shown */
function draw(moderation, element, { path, there, policy, unverified }) {
  const { words, calls, known } = moderation;
  const language = policy.language ?? words.language;
  const { overrides } = policy;
  const problem = el("p.problem", { role: "alert" });
  const done = el("span.label", { role: "status" });
  const waits = overrides?.premoderation === "all";
  const open = there.status === "open";
  /** Write, read it all again, and say so. @param {string} method @param {string} to @param {any} body @param {string} name Of what is pressed. */
  const write = async (method, to, body, name) => {
    say(problem, "");
    try {
      await calls.write(method, to, body);
      known.threads.delete(there.id);
      const [{ thread: now }, then] = await Promise.all([calls.get(path, { limit: 1, replies: 0 }), calls.get(`${path}/policy`)]);
      // The views may have it a moment later: what was written is shown.
      const set = method === "PUT" && to === path ? { title: body.title, labels: body.labels } : to.endsWith("/status") ? { status: body.status } : {};
      draw(moderation, element, { path, there: { ...now, ...set }, policy: then, unverified: set.title ? undefined : unverified });
      known.see({ ...now, ...set });
      /** @type {HTMLElement | null} */ (element.querySelector(`[value="${name}"]`) ?? element.querySelector("summary"))?.focus();
      say(/** @type {Node} */ (element.querySelector("[role=status]")), words.say("changed"));
    } catch (error) {
      say(problem, moderation.wrong(error));
    }
  };
  const title = /** @type {HTMLInputElement} */ (el("input", { required: true, maxlength: "300", dir: "auto", value: there.title ?? unverified ?? "" }));
  const labels = /** @type {HTMLInputElement} */ (el("input", { maxlength: "420", spellcheck: "false", value: (there.labels ?? []).join(" ") }));
  const banner = /** @type {HTMLTextAreaElement} */ (el("textarea", { rows: "2", maxlength: "500", dir: "auto" }));
  banner.value = policy.banner?.[language] ?? "";
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    return write("PUT", path, { url: there.url, title: title.value.trim(), labels: labels.value.split(/[\s,]+/).filter(Boolean) }, "save");
  };
  const put = (/** @type {any} */ change, /** @type {string} */ name) => write("PUT", `${path}/policy`, { ...overrides, ...change }, name);
  const text = (/** @type {Event} */ event) => {
    event.preventDefault();
    const others = { ...(overrides?.banner ?? policy.banner ?? {}) };
    delete others[language];
    return put({ banner: banner.value.trim() ? { ...others, [language]: banner.value.trim() } : others }, "banner");
  };
  const act = (/** @type {string} */ name, /** @type {string} */ label, /** @type {() => void} */ onclick) => el("button.do.plain.small", { type: "button", value: name, onclick }, words.say(label));
  element.replaceChildren(
    el("summary", {}, words.say("discussion_settings"), ...(there.labels ?? []).map((/** @type {string} */ one) => el("span.tag", {}, one))),
    el("form", { onsubmit: save },
      el("label.block", {}, words.say(there.title === null ? "title_unverified" : "title"), title),
      el("label.block", {}, words.say("labels"), labels),
      el("div.acts", {}, el("button.do.plain.small", { type: "submit", value: "save" }, words.say(there.title === null ? "confirm" : "save")))),
    el("div.acts", {},
      act("status", open ? "close_it" : "open_it", () => write("PUT", `${path}/status`, { status: open ? "closed" : "open" }, "status")),
      act("waits", waits ? "wait_no_more" : "wait_all", () => put({ premoderation: waits ? undefined : "all" }, "waits"))),
    el("form", { onsubmit: text }, el("label.block", {}, words.say("banner"), banner),
      el("div.acts", {}, el("button.do.plain.small", { type: "submit", value: "banner" }, words.say("save")))),
    problem, done);
}
