import { createHash } from 'node:crypto';
import type { VersionFacts } from './kv-answers.ts';

/** Which version of an entry is current, and since when. */
export interface Standing extends VersionFacts {
  readonly number: number;
}

/**
 * `7@2026-11-26T07:00:00.12Z#1f00ab93`: number and time, as an entry that was deleted for good and
 * written anew begins at 1 again, and a hash of the reference, as other fields are another content.
 */
export function versionText({ number, created_time }: Standing, ref: unknown): string {
  return `${number}@${created_time}#${refHash(ref)}`;
}

export function refHash(ref: unknown): string {
  return createHash('sha256').update(JSON.stringify(ref)).digest('hex').slice(0, 8);
}

/** Undefined: not a version of ours. */
export function parseVersion(
  text: string | undefined,
): Pick<Standing, 'number' | 'created_time'> | undefined {
  const [, number, created] = /^(\d+)@([^#]+)#/.exec(text ?? '') ?? [];
  return number === undefined || created === undefined
    ? undefined
    : { number: Number(number), created_time: created };
}

/** A lower number is right only if it was written later: then the entry was made anew in between. */
export function wentBack(
  before: Pick<Standing, 'number' | 'created_time'> | undefined,
  now: Pick<Standing, 'number' | 'created_time'>,
): boolean {
  if (before === undefined || now.number >= before.number) return false;
  return !(Date.parse(now.created_time) > Date.parse(before.created_time));
}

/** Destroyed, or deleted by now. */
export function isGone({ deletion_time, destroyed }: VersionFacts, now: number): boolean {
  if (destroyed) return true;
  const deleted = Date.parse(deletion_time);
  return Number.isNaN(deleted) ? deletion_time !== '' : deleted <= now;
}

/** When it will be deleted by itself (`delete_version_after`). */
export function endWarnings({ deletion_time }: VersionFacts): readonly string[] {
  return deletion_time === '' ? [] : [`Vault will delete this version at ${deletion_time}`];
}
