import { createHash } from 'node:crypto';
import type { SecretConfig } from '../model/config.ts';
import { checkMaterial } from '../secrets/material.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import type { Sealed, SealedFacts } from './seal.ts';
import { partsOf } from './seal-parts.ts';

/**
 * What has no end of its own is kept for this long after its store last confirmed it: a token that
 * was withdrawn meanwhile does not come back from a disk that lay about.
 */
export const MOST_AGE_MS = 30 * 86_400_000;

/** One secret as it is kept sealed. */
export interface Kept {
  readonly name: string;
  /** Hash of store and reference. */
  readonly ref: string;
  readonly secret: CheckedSecret;
  /** Epoch milliseconds: when the store last said that this is the one. */
  readonly at: number;
}

export function keptOf(config: SecretConfig, secret: CheckedSecret, at: number): Kept {
  return { name: config.name, ref: refHash(config), secret, at };
}

/** Whether it is what this config reads. */
export function isOf(kept: { readonly ref: string; readonly kind: string }, config: SecretConfig): boolean {
  return kept.kind === config.kind && kept.ref === refHash(config);
}

/** Epoch milliseconds from which on it must not be on disk any more. */
export function goneAt({ end, at }: Pick<SealedFacts, 'end' | 'at'>): number {
  return end ?? at + MOST_AGE_MS;
}

export function factsOf({ name, ref, secret, at }: Kept): SealedFacts {
  const { kind, version } = secret;
  // Of a pair alone: its key is worth nothing after the end. A CA bundle has no secret in it, and
  // goes on with the members that have not ended.
  return { name, kind, version, ref, at, ...(kind === 'tls' ? { end: secret.notAfter } : {}) };
}

export function toSealed(kept: Kept): Sealed {
  return { facts: factsOf(kept), parts: partsOf(kept.secret) };
}

/** Through the same check as what comes from a store: nothing is served that it would refuse now. */
export function fromSealed({ facts, parts }: Sealed, now: number): Kept | { readonly problem: string } {
  const { name, ref, at, kind, version } = facts;
  const { secret, problem } = checkMaterial(kind, { version, parts }, now);
  if (secret === undefined) return { problem: problem ?? 'it cannot be used' };
  return { name, ref, secret, at };
}

function refHash({ store, ref }: SecretConfig): string {
  return createHash('sha256')
    .update(canonical([store, ref]))
    .digest('hex');
}

/** JSON with sorted keys: an edit that only moves keys about reads the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)));
  });
}
