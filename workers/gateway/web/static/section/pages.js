// Pages of a discussion: shown from their beginning, added at an end, and read again. Loaded for the first that is shown.

import { attr, el, say } from "../shared/dom.js";
import { show } from "./head.js";

/** @typedef {import("./rows.js").Item} Item @typedef {Record<string, any>} Page A page of the API. */

export class Pages {
  /** @param {import("./discussion.js").Discussion} discussion @param {import("./render.js").Renderer} renderer */
  constructor(discussion, renderer) {
    this.discussion = discussion;
    this.renderer = renderer;
    /** Of the last page that was shown from its beginning: rows of an earlier one are not made any more. */
    this.shown = 0;
  }

  /** @param {string | null} cursor */
  set cursor(cursor) {
    const { discussion } = this;
    let button = discussion.more;
    if (!cursor) button?.remove();
    else {
      if (!button) discussion.list.after((button = el("button.more.end")));
      say(button, discussion.words.say("more_comments"));
      attr(button, "data-next", cursor);
    }
  }

  /** Show a page from its beginning. @param {Page} page */
  async fill(page) {
    const { discussion } = this;
    const { rows, section } = discussion;
    const shown = ++this.shown;
    discussion.mended();
    section.querySelector(":scope > .line-of")?.remove();
    show(discussion, page.thread);
    rows.items.clear();
    discussion.list.replaceChildren();
    rows.position = page.thread.position;
    discussion.feed?.fresh();
    await this.renderer.append(page.comments, null, () => shown === this.shown);
    if (shown !== this.shown) return;
    this.cursor = page.next;
    discussion.feed?.notify();
    discussion.writing?.put();
  }

  /** Add more comments, or more replies of one. @param {Page} page @param {HTMLElement} button @param {Item | null} li */
  async append(page, button, li) {
    const { discussion, renderer } = this;
    const had = discussion.active === button;
    for (const row of page.comments) discussion.feed?.waiting.delete(row.id);
    const first = await renderer.append(page.comments, li);
    if (li) renderer.more(li, page.next);
    else this.cursor = page.next;
    discussion.rows.recount(li);
    discussion.feed?.notify();
    if (first && (had || !discussion.active)) discussion.rows.article(first).focus();
  }

  /** Read the page again after a reset; what is read stays where it is. */
  async again() {
    const { discussion } = this;
    const asked = ++discussion.asked;
    if (discussion.single) {
      await this.line(await discussion.api.comment(discussion.single));
      return;
    }
    const page = await discussion.api.page(discussion.query);
    if (asked !== discussion.asked) return;
    discussion.feed?.again(page);
    this.cursor = page.next;
  }

  /** Show one comment below those that it answers. @param {Record<string, any>} found A permalink of the API. */
  async line(found) {
    const { discussion } = this;
    const rows = [...found.ancestors, found.comment];
    for (let index = rows.length - 2; index >= 0; index -= 1) {
      rows[index] = { ...rows[index], replies: { count: 1, comments: [rows[index + 1]], next: null } };
    }
    await this.fill({ thread: found.thread, sort: discussion.order, comments: [rows[0]], next: null });
    this.offerWhole();
  }

  /** Offer the whole discussion, of which only a part is shown. */
  offerWhole() {
    const { discussion } = this;
    const whole = async () => {
      await discussion.reorder(discussion.order);
      if (!discussion.single) discussion.focusOn(".title");
    };
    discussion.list.before(el("p.say.line-of", {}, el("button.whole", { onclick: whole }, discussion.words.say("whole"))));
  }
}
