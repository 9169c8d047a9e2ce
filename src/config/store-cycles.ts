import type { Problem } from '../errors.ts';
import { type Collection, type Entry, toProblem } from './entries.ts';
import { quote } from './nearest.ts';

/** One resource naming another, as written. */
export interface Edge {
  readonly from: Collection;
  readonly entry: Entry;
  readonly path: readonly (string | number)[];
  readonly to: Collection;
  readonly name: string;
}

/** A store that logs in with a secret of its own, straight or by way of other stores, could never begin. */
export function checkStoreCycles(edges: readonly Edge[]): readonly Problem[] {
  const logins = edges.filter(({ from, to }) => from === 'secretStores' && to === 'secrets');
  const storeOf = new Map(
    edges
      .filter(({ from, to }) => from === 'secrets' && to === 'secretStores')
      .map(({ entry, name }) => [entry.name, name]),
  );
  return logins.flatMap((login) => {
    const way = wayBack(login, logins, storeOf);
    return way === undefined
      ? []
      : [toProblem(login.entry, { path: login.path, message: wordsOf(login, way) })];
  });
}

/** The stores from the login's secret back to the login's store; undefined: none leads there. */
function wayBack(
  login: Edge,
  logins: readonly Edge[],
  storeOf: ReadonlyMap<string, string>,
  seen: ReadonlySet<string> = new Set(),
  goal: string = login.entry.name,
): readonly string[] | undefined {
  const store = storeOf.get(login.name);
  if (store === undefined || seen.has(store)) return undefined;
  if (store === goal) return [store];
  for (const next of logins.filter(({ entry }) => entry.name === store)) {
    const way = wayBack(next, logins, storeOf, new Set([...seen, store]), goal);
    if (way !== undefined) return [store, ...way];
  }
  return undefined;
}

function wordsOf({ name }: Edge, way: readonly string[]): string {
  const through = way.slice(0, -1).map(quote).join(', ');
  const what = `the secret ${quote(name)} is read from this very store`;
  return `${what}${through === '' ? '' : ` by way of ${through}`}, which cannot log in before it has it: keep it in another store`;
}
