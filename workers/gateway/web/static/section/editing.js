// Edit one's own comment. A text that was edited meanwhile elsewhere is shown, and nothing is overwritten.

import { el } from "../shared/dom.js";
import { marked } from "../shared/diff.js";
import { wordDiff } from "../shared/word_diff.js";

export class Editing {
  /** @param {import("./writing.js").Writing} writing */
  constructor(writing) {
    this.writing = writing;
    this.words = writing.words;
  }

  /** Open the field for another text of a comment. @param {string} id @param {HTMLElement | null} opener */
  async open(id, opener) {
    const { writing, words } = this;
    const name = `edit:${id}`;
    const there = writing.composers.get(name);
    if (there?.element.isConnected) return there.focus();
    const row = await this.latest(id);
    const place = writing.mine?.items.get(id) ?? writing.discussion.rows.items.get(id);
    if (!place || writing.signal.aborted) return;
    let { revision } = row;
    let body = row.body ?? "";
    const composer = writing.composer({
      name, text: body, label: words.say("edit_yours"), send_label: "save",
      send: (text, key) => writing.calls.write("PATCH", this.path(id), { body: text }, key, { "If-Match": `"${revision}"` }),
      sent: (answer) => this.sent(id, answer),
      left: () => opener?.isConnected && opener.focus(),
    });
    composer.newer = async (problem, field) => {
      const now = await this.latest(id);
      field.fail(words.say("newer"), words.say("newer_more", { time: writing.clock(Date.parse(now.edited?.at ?? now.posted_at)) }), " ", ...marked(wordDiff(body, now.body ?? "")));
      revision = now.revision;
      field.more.replaceChildren(el("button.act", { type: "button", onclick: () => {
        field.area.value = body = now.body ?? "";
        field.fail("");
        field.more.replaceChildren();
        field.typed();
        field.focus();
      } }, words.say("show_newer")), el("span", {}, words.say("save_mine")));
    };
    place.firstElementChild?.after(composer.element);
    composer.fit();
    if (opener) composer.focus();
  }

  /** @param {string} id */
  path(id) {
    return `${this.writing.path}/comments/${encodeURIComponent(id)}`;
  }

  /** The latest text, which may wait. @param {string} id */
  async latest(id) {
    const { writing } = this;
    const waiting = [...writing.me.pending, ...writing.me.rejected].find((row) => row.id === id);
    return waiting ?? (await writing.calls.get(this.path(id))).comment;
  }

  /** @param {string} id @param {any} answer */
  async sent(id, { comment, waiting, position }) {
    const { writing } = this;
    const li = writing.discussion.rows.items.get(id);
    if (comment && li) {
      const renderer = await writing.discussion.rendering();
      if (comment.status === "published") {
        renderer.show(li, comment);
        writing.discussion.feed?.settled(id);
      }
      writing.discussion.rows.article(li).focus({ preventScroll: true });
    }
    await writing.read(position);
    await writing.own();
    if (waiting || !li) writing.mine?.focus(id);
    writing.discussion.tell(this.words.say(waiting ? "edit_waits" : "saved"));
  }
}
