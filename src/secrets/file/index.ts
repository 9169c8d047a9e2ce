import { randomBytes } from 'node:crypto';
import { sleep, systemClock } from '../../clock.ts';
import { MusterError } from '../../errors.ts';
import { FileFault, readRegularFile } from '../../files/regular-file.ts';
import { FolderWatch, foldersOf } from '../../files/watch-paths.ts';
import { SecretBytes } from '../../secret-bytes.ts';
import type { SecretStore, SecretStoreAdapter, SecretStoreContext, SecretVersion } from '../store.ts';
import { pairState } from './pair.ts';
import { type PartFile, type Place, partFiles, placeOf } from './part-files.ts';
import {
  caFileRef,
  type FileRef,
  type FileStoreOptions,
  fileRef,
  fileStoreOptions,
  ticketKeysFileRef,
  tlsFileRef,
  valueFileRef,
} from './refs.ts';
import { versionOf } from './version.ts';

const MAX_BYTES = 1024 * 1024;
/** Watching tells of changes at once; this finds those that no event told. */
const CHECK_AGAIN_MS = 60_000;
/** A pair written file by file matches again within moments, if ever. */
const TRIES = 6;
const TRY_AGAIN_MS = 150;
/** A file written less than this ago may be in the middle of it. */
const SETTLE_MS = 40;
const SETTLE_TRIES = 3;
const GATHER_MS = 20;

/** Secrets from files: pairs, CA bundles and plain values. */
export const fileStore: SecretStoreAdapter<FileStoreOptions, FileRef> = {
  kind: 'file',
  schema: fileStoreOptions,
  refs: { tls: tlsFileRef, ca: caFileRef, sessionTicketKeys: ticketKeysFileRef, value: valueFileRef },
  create: createFileStore,
};

function createFileStore(options: FileStoreOptions, context: SecretStoreContext): SecretStore {
  const place = placeOf(options, context);
  const hmacKey = context.hmacKey ?? new SecretBytes(randomBytes(32));
  return {
    read: (ref, signal) => readSettled(partFiles(fileRef.parse(ref), place), { place, hmacKey, signal }),
    watch: (ref, changed, signal) => watchFiles(partFiles(fileRef.parse(ref), place), changed, signal),
  };
}

interface Reading {
  readonly place: Place;
  readonly hmacKey: SecretBytes;
  readonly signal: AbortSignal;
}

/** Reads all parts; while one is missing or a pair does not match, waits for its writer and reads again. */
async function readSettled(files: readonly PartFile[], reading: Reading): Promise<SecretVersion | undefined> {
  for (let tries = 1; ; tries += 1) {
    const found = await readParts(files);
    if (found.fresh && tries < SETTLE_TRIES) {
      await sleep(SETTLE_MS, reading.signal);
      reading.signal.throwIfAborted();
      continue;
    }
    if (found.kind === 'whole' || (found.kind === 'unreadable' && tries >= TRIES)) {
      const { parts } = found;
      return { version: versionOf(parts, reading.hmacKey), parts, checkAgainMs: CHECK_AGAIN_MS };
    }
    if (found.kind === 'absent' && tries > 1) return undefined;
    if (tries >= TRIES) throw new MusterError('secret_failed', found.problem);
    await sleep(TRY_AGAIN_MS, reading.signal);
    reading.signal.throwIfAborted();
  }
}

/** `fresh`: written so recently that its writer may not be done. */
type Found = { readonly fresh: boolean } & Content;

type Content =
  | { readonly kind: 'whole'; readonly parts: Readonly<Record<string, SecretBytes>> }
  /** It may be half written; if it stays so, the check of the material says what is wrong with it. */
  | {
      readonly kind: 'unreadable';
      readonly parts: Readonly<Record<string, SecretBytes>>;
      readonly problem: string;
    }
  | { readonly kind: 'unsettled' | 'absent'; readonly problem: string };

async function readParts(files: readonly PartFile[]): Promise<Found> {
  const parts: Record<string, SecretBytes> = {};
  const missing: string[] = [];
  let modified = 0;
  for (const file of files) {
    const found = await readPart(file);
    if (found === undefined) missing.push(file.files.join(' or '));
    else parts[file.part] = found.bytes;
    modified = Math.max(modified, found?.modified ?? 0);
  }
  return { fresh: Math.abs(Date.now() - modified) < SETTLE_MS, ...judge(files, parts, missing) };
}

function judge(
  files: readonly PartFile[],
  parts: Readonly<Record<string, SecretBytes>>,
  missing: readonly string[],
): Content {
  if (missing.length > 0) {
    const kind = missing.length === files.length ? 'absent' : 'unsettled';
    return { kind, problem: `${missing.join(' and ')} does not exist` };
  }
  const { certificate, privateKey } = parts;
  if (certificate === undefined || privateKey === undefined) return { kind: 'whole', parts };
  const state = pairState(certificate, privateKey);
  if (state === 'matches') return { kind: 'whole', parts };
  const names = [...new Set(files.map((file) => file.files[0]))].join(' and ');
  const problem = `${names} do not belong together: the key is not that of the certificate`;
  return state === 'differs' ? { kind: 'unsettled', problem } : { kind: 'unreadable', parts, problem };
}

/** Undefined: none of its files exists. */
async function readPart(part: PartFile) {
  for (const file of part.files) {
    try {
      const { bytes, modified } = await readRegularFile(file, { maxBytes: MAX_BYTES, within: part.within });
      return { bytes: new SecretBytes(part.trim ? trimLineEnds(bytes) : bytes), modified };
    } catch (error) {
      if (!(error instanceof FileFault)) throw error;
      if (error.kind !== 'missing') throw new MusterError('secret_failed', error.message, { cause: error });
    }
  }
  return undefined;
}

function trimLineEnds(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  return bytes.subarray(0, end);
}

function watchFiles(parts: readonly PartFile[], changed: () => void, signal: AbortSignal): void {
  if (signal.aborted) return;
  const folders = () => parts.flatMap((part) => part.files).flatMap(foldersOf);
  let cancel: (() => void) | undefined;
  const watch = new FolderWatch(() => {
    cancel ??= systemClock.after(GATHER_MS, () => {
      cancel = undefined;
      watch.set(folders());
      changed();
    });
  });
  watch.set(folders());
  const close = () => {
    cancel?.();
    watch.close();
  };
  signal.addEventListener('abort', close, { once: true });
}
