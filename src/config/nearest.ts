/** Longest word that is compared: names beyond it get no "did you mean". */
const MAX_WORD = 64;

/** Edit distance with swaps of neighbours counted once, or `limit + 1` where it is larger than `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? limit + 1;
}

/** The right word that `word` was probably meant to be, if one is near enough; case does not count. */
export function nearest(word: string, right: Iterable<string>): string | undefined {
  if (word.length > MAX_WORD) return undefined;
  const lower = word.toLowerCase();
  let limit = Math.max(1, Math.floor(word.length / 3));
  let found: string | undefined;
  for (const candidate of right) {
    const distance = editDistance(lower, candidate.toLowerCase(), limit);
    if (distance > limit || (found !== undefined && distance === limit)) continue;
    found = candidate;
    limit = distance;
  }
  return found;
}

/** `did you mean "checkout"?`, else the list of what is known where it is short. */
export function nameHint(word: string, right: readonly string[]): string | undefined {
  const found = nearest(word, right);
  if (found !== undefined) return `did you mean ${quote(found)}?`;
  if (right.length === 0 || right.length > 12) return undefined;
  return `known: ${right.join(', ')}`;
}

/** A user's word in a message: quoted, control characters escaped, cut at 80 characters. */
export function quote(word: string): string {
  return JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}…` : word);
}
