import { createTextPool } from './text-pool.ts';
import type { Wanted } from './xml.ts';

const pooled = createTextPool();

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
