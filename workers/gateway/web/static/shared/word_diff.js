// The difference of two texts in words, in the form of `revisions?diff=words`: [kind, text] with kind `=`, `-` or `+`.

/** Words of both texts between what they have in common, multiplied: beyond it, one text replaces the other as a whole. */
const MOST = 1_000_000;

/** @param {string} before @param {string} after @returns {[string, string][]} */
export function wordDiff(before, after) {
  const old = before.match(/\s+|[^\s]+/g) ?? [];
  const now = after.match(/\s+|[^\s]+/g) ?? [];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  const kept = tail ? old.slice(-tail) : [];
  const [left, right] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)];
  const middle = left.length * right.length > MOST ? replaced(left, right) : aligned(left, right);
  const pieces = [...old.slice(0, head).map((word) => ["=", word]), ...middle, ...kept.map((word) => ["=", word])];
  return joined(pieces);
}

/** @param {string[]} left @param {string[]} right */
function replaced(left, right) {
  return [...left.map((word) => ["-", word]), ...right.map((word) => ["+", word])];
}

/** By a longest common subsequence (Wagner and Fischer). @param {string[]} left @param {string[]} right */
function aligned(left, right) {
  const width = right.length + 1;
  const common = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const down = common[(i + 1) * width + j];
      const across = common[i * width + j + 1];
      common[i * width + j] = left[i] === right[j] ? common[(i + 1) * width + j + 1] + 1 : Math.max(down, across);
    }
  }
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) pieces.push(["=", left[i++]], void (j += 1));
    else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) pieces.push(["-", left[i++]]);
    else pieces.push(["+", right[j++]]);
  }
  return [...pieces.filter(Boolean), ...replaced(left.slice(i), right.slice(j))];
}

/** Join neighbours of a kind. @param {string[][]} pieces @returns {[string, string][]} */
function joined(pieces) {
  const found = [];
  for (const [kind, word] of pieces) {
    const last = found.at(-1);
    if (last && last[0] === kind) last[1] += word;
    else found.push([kind, word]);
  }
  return found;
}
