const MOST_POOLED = 20_000;

/**
 * Gives one object for equal texts: of twenty thousand instances most tags have a few hundred values.
 * What it gives holds no longer text alive, which a slice of an answer would.
 */
export function createTextPool(): (text: string) => string {
  const pool = new Map<string, string>();
  return (text) => {
    const known = pool.get(text);
    if (known !== undefined) return known;
    const own = Buffer.from(text, 'utf8').toString('utf8');
    if (pool.size >= MOST_POOLED) pool.clear();
    pool.set(own, own);
    return own;
  };
}
