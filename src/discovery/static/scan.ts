import { createHash } from 'node:crypto';
import { MusterError } from '../../errors.ts';
import { type FileContent, FileFault, fileStamp, readRegularFile } from '../../files/regular-file.ts';
import type { Hostnames } from '../address.ts';
import type { ScopeReport } from '../source.ts';
import { parseInstances } from './parse.ts';

/** BAD6: a file of 50 MB is a mistake; 8 MiB hold about a hundred thousand instances. */
const MAX_BYTES = 8 * 1024 * 1024;
/** A file written this recently may still be being written: it is looked at once more first. */
const SETTLE_MS = 40;
/** How long a file may stay unparsable before it is called broken: writers in place need a moment. */
const PATIENCE_MS = 400;

/** What is known of one file; a value, replaced at every look. */
export interface FileState {
  readonly stamp: string | undefined;
  /** Of the last content that was reported, good or bad; equal content is not reported again. */
  readonly reported: string | undefined;
  /** Since when it keeps changing, or cannot be parsed and has not been reported as broken. */
  readonly unsettledSince?: number | undefined;
}

export interface Look {
  readonly state: FileState;
  readonly report?: ScopeReport | undefined;
  /** Look again this soon. */
  readonly againMs?: number | undefined;
}

export const NEVER_READ: FileState = { stamp: undefined, reported: undefined };

export interface HowToLook {
  /** Read it although its stamp says that nothing changed, and say again that it is gone. */
  readonly fully: boolean;
  readonly now: number;
  readonly within: string | undefined;
  readonly hostnames: Hostnames;
}

/** Looks at one file once. */
export async function lookAt(file: string, scope: string, before: FileState, how: HowToLook): Promise<Look> {
  const { fully, now, within } = how;
  if (!fully && before.stamp !== undefined && (await fileStamp(file)) === before.stamp)
    return { state: before };
  try {
    const content = await readRegularFile(file, { maxBytes: MAX_BYTES, within });
    const unsettledSince = before.unsettledSince ?? now;
    const fresh = now - content.modified < SETTLE_MS && now - unsettledSince < PATIENCE_MS;
    if (fresh && before.reported !== undefined && content.stamp !== before.stamp) {
      return { state: { ...before, stamp: undefined, unsettledSince }, againMs: SETTLE_MS };
    }
    return readContent(scope, before, content, how);
  } catch (error) {
    return failedLook(scope, before, error, how);
  }
}

function readContent(
  scope: string,
  before: FileState,
  content: FileContent,
  { now, hostnames }: HowToLook,
): Look {
  const hash = createHash('sha256').update(content.bytes).digest('base64');
  const state: FileState = { stamp: content.stamp, reported: hash };
  if (hash === before.reported) return { state };
  try {
    const instances = parseInstances(content.bytes.toString('utf8'), scope, hostnames);
    return { state, report: { kind: 'complete', scope, instances, reason: 'stated' } };
  } catch (error) {
    const unsettledSince = before.unsettledSince ?? now;
    if (now - unsettledSince < PATIENCE_MS) {
      return { state: { stamp: undefined, reported: before.reported, unsettledSince }, againMs: 100 };
    }
    return { state, report: { kind: 'failure', scope, error: asError(error) } };
  }
}

function failedLook(scope: string, before: FileState, thrown: unknown, { fully, now }: HowToLook): Look {
  const error = asError(thrown);
  const gone = thrown instanceof FileFault && thrown.kind === 'missing';
  const reported = `${gone ? 'gone' : 'failed'}: ${error.message}`;
  if (before.reported === reported) {
    // Said again at each full read: the shrink guard counts equal reads.
    return fully && gone ? { state: before, report: goneReport(scope, error) } : { state: before };
  }
  const unsettledSince = before.unsettledSince ?? now;
  // An editor that deletes and writes anew leaves a gap; a file that never was there is told at once.
  if (before.reported !== undefined && now - unsettledSince < PATIENCE_MS) {
    return { state: { ...before, stamp: undefined, unsettledSince }, againMs: 100 };
  }
  const state = { stamp: undefined, reported };
  return { state, report: gone ? goneReport(scope, error) : { kind: 'failure', scope, error } };
}

function goneReport(scope: string, cause: Error): ScopeReport {
  const error = new MusterError(
    'source_failed',
    `${scope} is gone: write [] into the file to say that there are no instances`,
    { cause },
  );
  return { kind: 'failure', scope, error, gone: true };
}

function asError(thrown: unknown): Error {
  if (thrown instanceof MusterError) return thrown;
  if (thrown instanceof Error) return new MusterError('source_failed', thrown.message, { cause: thrown });
  return new MusterError('source_failed', String(thrown));
}
