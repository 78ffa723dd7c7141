// A section that is made from JSON, where no HTML of the gateway is there: when it is loaded, and its frame.
// The gateway writes the same nodes (workers/gateway/html/fragment.py); a test compares the two.

import { attr, el, whenNear } from "../shared/dom.js";
import { part } from "../shared/part.js";
import { adopt } from "../shared/sheets.js";

/** Parameters of the first page where the publisher gives none: few rows first. */
const FEW = "limit=20&replies=3&depth=4";
const ORDERS = ["top", "newest", "oldest"];

/**
 * Make the section when it is to start.
 * @param {object} given
 * @param {HTMLElement} given.element @param {ShadowRoot} given.root @param {import("./api.js").Api} given.api
 * @param {URL} given.base Address of the gateway.
 * @param {import("../shared/words.js").Words} given.words @param {AbortSignal} given.signal
 * @param {boolean} given.named Whether the address of the page names a comment.
 * @param {(section: HTMLElement) => import("./discussion.js").Discussion} given.open Goes on with a section.
 * @param {(again: () => void) => HTMLElement} given.failed Makes a notice in place of the discussion.
 * @param {() => void} given.restart Begins from the beginning.
 */
export async function make({ element, root, api, base, words, signal, named, open, failed, restart }) {
  try {
    await adopt(root, "tokens", "section");
  } catch {
    if (!signal.aborted) root.append(failed(restart));
    return;
  }
  if (signal.aborted) return;
  const place = el("div");
  const wait = (...children) => place.replaceChildren(...children);
  const loading = () => wait(el("p.say.wide", {}, words.say("loading")));
  const show = async () => {
    loading();
    try {
      const order = element.getAttribute("sort") ?? "top";
      const query = `sort=${order}&${FEW}`;
      const [page, policy] = await Promise.all([
        api.page(query).catch((problem) => unopened(api, problem, order)),
        api.policy().catch(() => ({})),
        part("section/pages.js"), // what makes the rows is loaded beside them
        part("section/render.js"),
      ]);
      if (signal.aborted) return;
      const level = Math.min(6, Math.max(1, Number(element.getAttribute("level")) || 2));
      const writes = page.thread.status === "open" && policy.comment !== "nobody";
      const section = frame(page, words, { level, query, writes, history: policy.history === "public", ...addresses(base, element, policy) });
      place.replaceWith(section);
      const discussion = open(section);
      await (await discussion.paging()).fill(page);
      discussion.follow();
    } catch {
      if (!signal.aborted) wait(failed(show));
    }
  };
  root.append(place);
  signal.addEventListener("abort", () => place.remove());
  const start = element.getAttribute("start");
  if (start === "asked") {
    const n = await api.count().catch(() => 0);
    wait(el("button.do.plain", { onclick: show }, n ? words.say("read_comments", { n }) : words.say("read_discussion")));
  } else if (start === "now" || named) show();
  else {
    loading();
    whenNear(element, signal, show);
  }
}

/**
 * The page of a thread that its first comment opens. Throws the problem again where there can be no such thread.
 * @param {import("./api.js").Api} api @param {any} problem @param {string} sort
 */
async function unopened(api, problem, sort) {
  if (problem.status !== 404 || !(await api.opens())) throw problem;
  const thread = { url: location.href.split("#")[0], status: "open", comments: 0, featured: 0, position: "0-0" };
  return { thread, sort, comments: [], next: null };
}

/** Addresses of the thread's pages, where the policy has them. @param {URL} base @param {HTMLElement} element @param {any} policy */
function addresses(base, element, policy) {
  const thread = `${element.getAttribute("site")}/${element.getAttribute("thread")}`;
  return {
    read: policy.read_pages === "off" ? "" : `${base.href}read/${thread}`,
    audit: policy.history === "public" ? `${base.href}audit/${thread}` : "",
  };
}

/**
 * The frame of a section, without rows (as `write_section` of html/fragment.py has it).
 * @param {Record<string, any>} page @param {import("../shared/words.js").Words} words
 * @param {{ level: number, query: string, writes: boolean, history: boolean, read: string, audit: string }} given
 *   `read` and `audit`: pages of the thread, empty where there are none; `writes`: whether anybody may write.
 */
export function frame(page, words, { level, query, writes, history, read, audit }) {
  const { thread } = page;
  const facts = { "data-position": thread.position, "data-url": thread.url, "data-query": query, "data-status": thread.status };
  const earlier = audit && hasChanges(page.comments) && el("a", { href: audit }, words.say("earlier"));
  const printing = read ? [" ", el("a", { href: `${read}?all` }, words.say("printing"))] : [];
  const section = el(
    "section.in",
    { part: "section", lang: words.language, dir: words.all.direction, "aria-labelledby": "h", ...facts },
    el("button.skip", {}, words.say("skip")),
    el(
      "header.head",
      { part: "head" },
      el(
        "div.line",
        {},
        el(`h${level}.title`, { id: "h", tabindex: "-1" }, `${words.say("discussion")} `, el("span", {}, words.number(thread.comments))),
        orders(page.sort, thread.featured, words),
      ),
      el("p.state", {}, el("span.stream"), earlier),
    ),
    writes && el("div.writing"),
    el("div.told"),
    el("ol.rows"),
    el("p.end", {}, el("button.back", {}, words.say("back")), ...printing),
    el("p.sr", { role: "status" }),
  );
  attr(section, "data-history", history ? "public" : "");
  attr(section, "data-opened", !thread.id && "false");
  return section;
}

/** True if a text was edited or removed. @param {import("./row.js").Row[]} rows @returns {boolean} */
function hasChanges(rows) {
  return rows.some((row) => row.edited || !row.author || hasChanges(row.replies.comments));
}

/** The radio buttons. @param {string} order @param {number | undefined} picks @param {import("../shared/words.js").Words} words */
function orders(order, picks, words) {
  const labels = ORDERS.map((name) => [name, words.say(name)]);
  if (picks) labels.push(["picks", words.say("picks", { n: picks })]);
  return el(
    "fieldset.sorts",
    {},
    el("legend.sr", {}, words.say("order")),
    ...labels.map(([name, text]) => el("label", {}, el("input", { type: "radio", name: "order", value: name, checked: name === order }), text)),
  );
}
