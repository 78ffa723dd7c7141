// The appeal against the caller's suspension: below the notice about it.

import { el, on } from "../shared/dom.js";
import { Failure } from "../shared/failure.js";
import { appealState, ask } from "./appeal.js";

/** Say below the notice how to appeal, or what became of that. @param {import("./writing.js").Writing} writing @param {HTMLElement} note */
export async function appealing(writing, note) {
  const { words, calls, discussion, me } = writing;
  const path = `/members/${encodeURIComponent(me.caller.id)}`;
  const place = el("div");
  note.append(place);
  const read = async () => {
    const { member } = await calls.get(path);
    const { appeal } = member.suspension ?? {};
    if (!appeal) return place.replaceChildren();
    const { open, said } = appealState(writing, appeal);
    const button = el("button.act", { type: "button", onclick: () => ask(writing, button, `${path}/suspension/appeal`, read) }, words.say("appeal"));
    place.replaceChildren(...(said.length ? [el("p", { dir: "auto" }, said.join(" "))] : []), ...(open ? [button] : []));
    return appeal;
  };
  /** The window for the appeal begins once the member has the notice in view. */
  const seen = async () => {
    try {
      await calls.write("PUT", "/mine/seen", { until: me.now, thread: discussion.api.threadId });
      await read();
    } catch (error) {
      if (!(error instanceof Failure) && !writing.signal.aborted) throw error;
      // The next time that the page is opened says it again.
    }
  };
  const appeal = await read();
  // The call tells of comments, too. Where a statement about one is still to be seen, the call is made after that.
  const waits = me.rejected.some((/** @type {any} */ row) => row.decision && !row.decision.appeal.until);
  if (!appeal || appeal.until || waits) return;
  const near = new IntersectionObserver((all) => {
    if (!all.some((one) => one.isIntersecting)) return;
    near.disconnect();
    seen();
  }, { threshold: 0.6 });
  on(writing.signal, "abort", () => near.disconnect());
  near.observe(note);
}
