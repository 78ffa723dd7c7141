// Posting: what a first comment says of its discussion, and what follows once a comment was taken.

import { attr } from "../shared/dom.js";

/** @typedef {import("./writing.js").Writing} Writing */

/** Fields of a first comment, which opens its discussion. @param {Writing} writing */
export function opening({ discussion }) {
  if (discussion.section.dataset.opened !== "false") return {};
  const canonical = document.querySelector('link[rel="canonical"]')?.getAttribute("href");
  return { url: new URL(canonical ?? location.href.split("#")[0], location.href).href, title: document.title };
}

/** A comment was posted: it stands where it belongs at once. @param {Writing} writing @param {any} answer */
export async function posted(writing, { comment, position }) {
  const { discussion, words } = writing;
  const { section, rows, order } = discussion;
  writing.send("hansard:posted", { comment: comment?.id, status: comment?.status });
  if (section.dataset.opened === "false") {
    attr(section, "data-opened", null);
    section.querySelector(":scope > .say")?.remove();
    discussion.feed?.live.tell("now");
  }
  if (!comment) return;
  const renderer = await discussion.rendering();
  if (comment.status === "published") {
    const li = rows.items.get(comment.id) ?? renderer.insert(comment, order);
    discussion.feed?.waiting.delete(comment.id);
    const article = rows.article(li);
    rows.reveal(li);
    article.focus({ preventScroll: true });
    article.scrollIntoView({ block: "nearest" });
    discussion.tell(words.say("posted"));
  } else {
    writing.me[comment.status]?.unshift(comment);
    await writing.own();
    writing.mine?.focus(comment.id);
  }
  writing.read(position).then(() => writing.own(), () => {}); // why it waits; the next look follows
}
