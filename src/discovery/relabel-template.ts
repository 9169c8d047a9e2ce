/** Gives the text for one match: `groups[0]` is all of it; a group that took no part is `undefined`. */
export type Template = (groups: readonly (string | undefined)[]) => string;

/** `$name` is as long as it can be: `$1x` is the group `1x`, which there is none of. */
const VARIABLE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

/**
 * Go's expansion (`$1`, `${1}`, `${name}`, `$$` for one dollar), which Prometheus' rules are written
 * for. A group that the expression does not have is empty; a dollar that begins nothing stays.
 */
export function compileTemplate(text: string, groupOf: Readonly<Record<string, number>>): Template {
  const parts: (string | number)[] = [];
  let from = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const name = match[1] ?? match[2];
    parts.push(text.slice(from, match.index), name === undefined ? '$' : groupNumber(name, groupOf));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  const kept = parts.filter((part) => part !== '');
  const [only] = kept;
  if (kept.length === 0) return () => '';
  if (kept.length === 1 && typeof only === 'string') return () => only;
  return (groups) => kept.map((part) => (typeof part === 'string' ? part : (groups[part] ?? ''))).join('');
}

/** -1: no such group. Numbers have no leading zeros. */
function groupNumber(name: string, groupOf: Readonly<Record<string, number>>): number {
  if (/^(?:0|[1-9][0-9]{0,7})$/.test(name)) return Number(name);
  return Object.hasOwn(groupOf, name) ? (groupOf[name] ?? -1) : -1;
}
