function distance(left: string, right: string, limit: number): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= right.length; j++) {
      const swap = (previous[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      const cost = Math.min(swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      row.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return limit + 1;
    previous = row;
  }
  return previous[right.length] ?? 0;
}

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

/** The known name closest to a wrong one, or undefined when none is close. Names in packages match by last part too. */
export function nearest(wrong: string, known: Iterable<string>): string | undefined {
  const name = wrong.slice(0, 200);
  let limit = Math.max(2, Math.floor(name.length / 4));
  let best: string | undefined;
  let samePart: string | undefined;
  for (const candidate of known) {
    if (lastPart(candidate) === lastPart(name)) samePart ??= candidate;
    if (Math.abs(candidate.length - name.length) > limit) continue;
    const cost = distance(name.toLowerCase(), candidate.toLowerCase(), limit);
    if (cost > limit || (cost === limit && best !== undefined)) continue;
    best = candidate;
    limit = cost;
  }
  return best ?? samePart;
}
