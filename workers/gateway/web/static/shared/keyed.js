// Lists of nodes by key, for what is shown again and again with a few changes.

/**
 * Make the children of a parent those of a list, in its order. A key keeps its node, and a node that stands where it
 * belongs is not moved, so that focus, selection and what is typed stay.
 * @template T
 * @param {Element} parent @param {Iterable<T>} items @param {(item: T) => string} key
 * @param {(item: T) => Element} make @param {(node: Element, item: T) => void} [update]
 */
export function keyed(parent, items, key, make, update) {
  const there = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const wanted = [...items].map((item) => {
    const name = key(item);
    let node = there.get(name);
    there.delete(name);
    if (node) update?.(node, item);
    else {
      node = make(item);
      node.dataset.key = name;
    }
    return node;
  });
  for (const node of there.values()) node.remove();
  let next = parent.firstElementChild;
  for (const node of wanted) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}
