import { nearest, quote } from '../config/nearest.ts';

/** Beyond it a list is no help. */
const MOST_LISTED = 12;
/** Comparing costs microseconds a name, and sources may have ten thousand scopes. */
const MOST_COMPARED = 2_000;

/** `no source "x"; did you mean "y"?`, else what there is, where that is short. */
export function unknownName(what: string, name: string, right: readonly string[]): string {
  const head = `no ${what} ${quote(name)}`;
  const near = nearest(name, right.slice(0, MOST_COMPARED));
  if (near !== undefined) return `${head}; did you mean ${quote(near)}?`;
  if (right.length === 0) return `${head}; there is none`;
  const listed = right.slice(0, MOST_LISTED).map(quote).join(', ');
  const more = right.length > MOST_LISTED ? ` and ${right.length - MOST_LISTED} more` : '';
  return `${head}; there are ${listed}${more}`;
}
