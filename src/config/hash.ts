import { createHash } from 'node:crypto';

/**
 * sha256 of the value, whatever the order of its keys and wherever its parts were written: the
 * property `origin` is left out of objects, while a Map's keys are the user's own and all count.
 */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('hex');
}

/** Resources never change, and most outlive an edit of their file. */
const known = new WeakMap<object, string>();

function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  return value instanceof Map ? ofMap(value) : ofObject(value);
}

function ofMap(map: ReadonlyMap<unknown, unknown>): string {
  const parts = [...map].map(([key, part]) => `${JSON.stringify(key)}:${remembered(part)}`);
  return `{${parts.sort().join(',')}}`;
}

function remembered(value: unknown): string {
  if (typeof value !== 'object' || value === null) return canonical(value);
  const before = known.get(value);
  if (before !== undefined) return before;
  const text = canonical(value);
  known.set(value, text);
  return text;
}

function ofObject(value: object): string {
  let text = '';
  for (const [key, part] of Object.entries(value).sort(byKey)) {
    if (key !== 'origin' && part !== undefined) text += `,${JSON.stringify(key)}:${canonical(part)}`;
  }
  return `{${text.slice(1)}}`;
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
