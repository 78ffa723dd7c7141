// State of the stream, and the number of comments that wait: the button at the head, and the line above the comments.

import { child, el, say } from "../shared/dom.js";

export class Status {
  /** @param {import("./discussion.js").Discussion} discussion @param {import("../shared/live.js").Live} live */
  constructor(discussion, live) {
    this.discussion = discussion;
    this.words = discussion.words;
    this.live = live;
    this.place = discussion.section.querySelector(".stream");
    this.told = child(discussion.section, "told");
    /** State that is shown: nothing is done while it stays. */
    this.said = "";
    this.ticks = 0;
  }

  end() {
    clearTimeout(this.ticks);
  }

  /** Say how the stream is. @param {number} n Comments that wait. */
  show(n) {
    const { live, place, words } = this;
    const { label } = live;
    const said = label === "paused" ? `${label} ${n}` : label;
    if (said === this.said && label !== "lost") return;
    this.said = said;
    clearTimeout(this.ticks);
    if (label === "over") place.replaceChildren();
    else if (label === "lost") {
      const left = Math.max(1, Math.ceil((live.due - Date.now()) / 1000));
      if (!place.querySelector(".now")) {
        place.replaceChildren(el("span"), " ", el("button.act.now", { onclick: () => live.tell("now") }, words.say("try_now")));
      }
      say(place.firstChild, words.say("not_live", { n: left }));
      this.ticks = setTimeout(() => this.show(n), 1000);
    } else {
      const paused = label === "paused";
      let button = place.querySelector(".live");
      if (!button) {
        const onclick = () => live.tell(live.state.paused ? "resume" : "pause");
        place.replaceChildren((button = el("button.act.live", { onclick })));
      }
      button.classList.toggle("off", paused);
      say(button, words.say(!paused ? "live" : n ? "paused_new" : "paused", { n }));
    }
  }

  /** The line that waits to be asked. @param {number} n @param {() => void} onclick */
  news(n, onclick) {
    const { discussion, told: place } = this;
    if (!n) {
      if (place.contains(discussion.active)) discussion.focusOn(".title");
      place.replaceChildren();
    } else {
      if (!place.firstChild) place.append(el("button.news", { onclick }));
      say(place.firstChild, this.words.say("new_comments", { n }));
    }
  }
}
