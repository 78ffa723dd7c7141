/** Scroll a box, and nothing else, so far that one of its descendants is in view. A box that does not scroll stays.
 * Rows that come into view are laid out only then, which moves the others: the next frames look again.
 * @param {Element} box @param {Element | null} node @param {number} [again] Frames that look again. */
export function reveal(box, node, again = 2) {
  if (!node || box.scrollHeight <= box.clientHeight) return;
  const [inner, outer] = [node.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
  box.scrollTop += inner.top - outer.top - Math.max(0, (outer.height - inner.height) / 3);
  if (again) requestAnimationFrame(() => node.isConnected && reveal(box, node, again - 1));
}

/** Scroll the window so far that a descendant of a box is in view, where the box does not scroll by itself.
 * @param {Element} box @param {Element | null} node */
export function bring(box, node) {
  if (!node || getComputedStyle(box).overflowY !== "visible") return;
  const { top, bottom } = node.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight * 0.85) node.scrollIntoView({ block: bottom - top < innerHeight / 2 ? "center" : "start" });
}
