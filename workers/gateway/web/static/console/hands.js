// A hint to other moderators: who reads which item. It expires by itself, locks nothing, and is renewed while the page
// is looked at.

import { on } from "../shared/dom.js";

/** Milliseconds between two hints; the server keeps one for 60 s. */
const AGAIN_MS = 25_000;

export class Hands {
  /** @param {import("./moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.moderation = moderation;
    /** @type {{thread: string, comment: string} | null} */
    this.held = null;
    /** @type {import("./item.js").Slip | null} */
    this.slip = null;
    this.timer = 0;
    const { signal } = moderation;
    on(document, "visibilitychange", () => this.#tell(), { signal });
    on(window, "pagehide", () => this.end(), { signal });
  }

  /** @param {import("./item.js").Slip | null} slip @param {boolean} passing The console came to it by itself. */
  hold(slip, passing) {
    const { thread = null, comment = null } = slip && !slip.clash ? { thread: slip.item.thread.id, comment: slip.item.comment.id } : {};
    this.slip = slip;
    if (comment === (this.held?.comment ?? null) && thread === (this.held?.thread ?? null)) return;
    const before = this.held;
    this.held = thread && comment ? { thread, comment } : null;
    delete slip?.element.dataset.told;
    if (this.held) this.#tell(passing);
    else if (before) this.#leave(before);
  }

  end() {
    clearTimeout(this.timer);
    if (this.held) this.#leave(this.held);
    this.held = null;
  }

  /** @param {boolean} [passing] */
  #tell(passing = false) {
    clearTimeout(this.timer);
    const { held, slip, moderation } = this;
    if (!held || !slip || document.visibilityState !== "visible") return;
    // A hint that fails is no loss: the next one follows.
    moderation.calls.write("PUT", "/moderation/hands", held).catch(() => null)
      .then((told) => this.held === held && moderation.tried(moderation.queue.told(slip, told, passing)));
    this.timer = setTimeout(() => this.#tell(), AGAIN_MS);
  }

  /** @param {{thread: string, comment: string}} before */
  #leave(before) {
    clearTimeout(this.timer);
    this.moderation.calls.leave("DELETE", "/moderation/hands", before);
  }
}
