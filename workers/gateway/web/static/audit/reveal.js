/** Scroll a box, and nothing else, so far that one of its descendants is in view. A box that does not scroll stays.
 * @param {Element} box @param {Element | null} node */
export function reveal(box, node) {
  if (!node || box.scrollHeight <= box.clientHeight) return;
  const [inner, outer] = [node.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.top >= outer.top && inner.bottom <= outer.bottom) return;
  box.scrollTop += inner.top - outer.top - Math.max(0, (outer.height - inner.height) / 3);
}
