import type { Wanted } from './xml.ts';

/** Texts that many instances share are kept once. */
const pool = new Map<string, string>();
const MOST_POOLED = 20_000;

/** A text that is not empty. It holds no longer text alive: what the reader gives are slices of the answer. */
export function textOf(from: Wanted | undefined, name: string): string | undefined {
  const text = from?.[name];
  return typeof text === 'string' && text !== '' ? pooled(text) : undefined;
}

export function childOf(from: Wanted | undefined, name: string): Wanted | undefined {
  const child = from?.[name];
  return typeof child === 'object' && !Array.isArray(child) ? child : undefined;
}

export function listOf(from: Wanted | undefined, name: string): readonly Wanted[] {
  const list = from?.[name];
  return Array.isArray(list) ? list : [];
}

function pooled(text: string): string {
  const known = pool.get(text);
  if (known !== undefined) return known;
  const own = Buffer.from(text, 'utf8').toString('utf8');
  if (pool.size >= MOST_POOLED) pool.clear();
  pool.set(own, own);
  return own;
}
