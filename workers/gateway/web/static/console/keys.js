// Keys of the console. They rest while a person types, with modifiers that they do not name, and while a dialog is open.

import { activeIn, attr, el, on, say } from "../shared/dom.js";

const STORED = "hansard:keys";
/** Keys that act again while they are held down. */
const MOVING = ["j", "k"];
/** Key, and the words for what it does. */
const LISTED = [["J", "key.next"], ["K", "key.previous"], ["A", "key.approve"], ["R", "key.reject"], ["H", "key.hold"], ["S", "key.spam"],
  ["F", "key.pick"], ["X", "key.select"], ["⇧ A", "key.approve_all"], ["⇧ R", "key.reject_all"], ["Z", "key.undo"], ["M", "key.member"],
  ["1 – 9", "key.choose"], ["Esc", "key.escape"], ["?", "key.help"]];

export class Keys {
  /**
   * @param {HTMLElement} root @param {import("../shared/words.js").Words} words @param {AbortSignal} signal
   * @param {Record<string, () => void>} acts By key; `Shift+a` for a key with Shift, `digit` takes the digit.
   */
  constructor(root, words, signal, acts) {
    this.root = root;
    this.words = words;
    this.acts = acts;
    /** Number of parts that a key asked for and that are not there yet. */
    this.loading = 0;
    /** Keys that were pressed meanwhile. @type {{name: string, key: string}[]} */
    this.kept = [];
    this.on = stored() !== "off";
    this.toggle = el("button.act", { type: "button", onclick: () => this.set(!this.on) });
    this.dialog = /** @type {HTMLDialogElement} */ (el("dialog.help", { "aria-label": words.say("keys") },
      el("h2", {}, words.say("keys")), keyList(words), el("div.under", {}, this.toggle,
        el("button.do", { type: "button", onclick: () => this.dialog.close() }, words.say("close")))));
    this.set(this.on);
    on(document, "keydown", (event) => this.heard(event), { signal });
  }

  /** Use single keys, or not. @param {boolean} used */
  set(used) {
    this.on = used;
    say(this.toggle, this.words.say(used ? "keys_off" : "keys_on"));
    attr(this.toggle, "aria-pressed", String(!used));
    try {
      if (used) localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, "off");
    } catch {
      // Without storage it holds until the page is left.
    }
  }

  help() {
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** @param {KeyboardEvent} event */
  heard(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (this.root.querySelector("dialog[open]")) return;
    const path = event.composedPath();
    const target = /** @type {HTMLElement} */ (path[0]);
    // Of a page around the console, keys count only where nothing else has the focus.
    if (!path.includes(this.root) && target !== document.body) return;
    const radio = target instanceof HTMLInputElement && target.type === "radio";
    const box = target instanceof HTMLInputElement && target.type === "checkbox";
    const typing = !radio && !box && target.matches("input, textarea, select, [contenteditable]");
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key !== "Escape" && (typing || !this.on)) return;
    const name = /^[1-9]$/.test(key) ? "digit" : event.shiftKey && key !== "?" ? `Shift+${key}` : key;
    if (!this.acts[name] && !(this.loading && key === "Enter")) return;
    event.preventDefault();
    // A key held down must not decide on what nobody has read.
    if (event.repeat && !MOVING.includes(name)) return;
    if (this.loading) this.kept.push({ name, key });
    else this.acts[name](Number(key));
  }

  /** Keep what is pressed until a part is there, and do it then. @template T @param {Promise<T>} part @returns {Promise<T>} */
  until(part) {
    this.loading++;
    // Whoever asked for the part goes on before the keys that follow.
    part.then(() => setTimeout(() => this.#loaded()), () => {
      this.kept = [];
      this.#loaded();
    });
    return part;
  }

  #loaded() {
    this.loading--;
    while (this.kept.length && !this.loading) {
      const { name, key } = /** @type {{name: string, key: string}} */ (this.kept.shift());
      const active = activeIn(this.root);
      if (key === "Enter") active?.closest("form")?.requestSubmit();
      else this.acts[name](Number(key));
    }
  }
}

/** The keys as a list. @param {import("../shared/words.js").Words} words */
export function keyList(words) {
  return el("dl.keys", {}, ...LISTED.flatMap(([key, name]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words.say(name))]));
}

/** @returns {string | null} */
function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}
