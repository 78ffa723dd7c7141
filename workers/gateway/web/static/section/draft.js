// Drafts of texts that are not sent yet: one draft per target, kept in this tab. With `remember` it is kept on this device, and
// for an hour while the reader signs in, since a mailed link opens another tab.

const SIGN_IN_MS = 3_600_000;

/** @typedef {{text: string, at: number, key?: string, sent?: string, caret?: number, until?: number}} Draft `key` and
 *   `sent`: the key of a request without an answer, and its body. `until`: when it is dropped. */

export class Drafts {
  /** @param {string} thread Path of the thread. @param {boolean} remember Whether drafts outlive the tab. */
  constructor(thread, remember) {
    this.prefix = `hansard:draft:${thread}:`;
    this.remember = remember;
    /** Drafts without storage: they live as long as the page. @type {Map<string, string>} */
    this.page = new Map();
  }

  /** The targets that have a draft. @returns {string[]} */
  get targets() {
    const found = new Set(this.page.keys());
    for (const store of [stored("session"), stored("local")]) {
      for (const key of store ? Object.keys(store) : []) if (key.startsWith(this.prefix)) found.add(key);
    }
    return [...found].map((key) => key.slice(this.prefix.length));
  }

  /** @param {string} target @returns {Draft | null} */
  read(target) {
    const name = this.prefix + target;
    const local = stored("local");
    const moved = local?.getItem(name) ?? null;
    if (moved && !this.remember) {
      local?.removeItem(name);
      const draft = parsed(moved);
      if (draft && (draft.until ?? 0) > Date.now() && !stored("session")?.getItem(name)) this.write(target, { ...draft, until: undefined });
    }
    return parsed((this.remember ? moved : stored("session")?.getItem(name)) ?? this.page.get(name) ?? null);
  }

  /** Keep a draft; one without text is dropped. @param {string} target @param {Draft} draft */
  write(target, draft) {
    const name = this.prefix + target;
    if (!draft.text.trim() && !draft.key) return this.drop(target);
    const text = JSON.stringify(draft);
    try {
      (this.remember ? localStorage : sessionStorage).setItem(name, text);
      this.page.delete(name);
    } catch {
      this.page.set(name, text);
    }
  }

  /** @param {string} target */
  drop(target) {
    const name = this.prefix + target;
    this.page.delete(name);
    stored("session")?.removeItem(name);
    stored("local")?.removeItem(name);
  }

  /** Keep all drafts where another tab finds them, for an hour: the reader goes to sign in. */
  carry() {
    for (const target of this.targets) {
      const draft = this.read(target);
      try {
        if (draft && !this.remember) localStorage.setItem(this.prefix + target, JSON.stringify({ ...draft, until: Date.now() + SIGN_IN_MS }));
      } catch {
        // Without storage the draft stays in this tab.
      }
    }
  }
}

/** @param {"session" | "local"} kind @returns {Storage | null} null where storage is off. */
function stored(kind) {
  try {
    return kind === "session" ? sessionStorage : localStorage;
  } catch {
    return null;
  }
}

/** @param {string | null} text @returns {Draft | null} */
function parsed(text) {
  try {
    const found = JSON.parse(text ?? "null");
    return typeof found?.text === "string" ? found : null;
  } catch {
    return null;
  }
}
