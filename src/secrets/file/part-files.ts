import path from 'node:path';
import type { SecretStoreContext } from '../store.ts';
import type { FileRef, FileStoreOptions } from './refs.ts';

/** Where relative paths start. */
export interface Place {
  readonly folder: string;
  /** Absolute paths are refused: the store's own `directory` is a fence. */
  readonly fenced: boolean;
}

/** Where one part of a secret is read. */
export interface PartFile {
  readonly part: string;
  /** The first of these that exists. */
  readonly files: readonly [string, ...string[]];
  /** The path was relative: it must not lead out of the folder (BAD10). */
  readonly within: string | undefined;
  readonly trim: boolean;
}

export function placeOf(options: FileStoreOptions, context: SecretStoreContext): Place {
  const folder = path.resolve(context.baseDir, options.directory ?? '.');
  return { folder, fenced: options.directory !== undefined };
}

/** The files of a reference, by part. */
export function partFiles(ref: FileRef, place: Place): readonly PartFile[] {
  const one = (part: string, names: readonly [string, ...string[]], trim = false): PartFile => {
    const absolute = path.isAbsolute(names[0]);
    const [first, ...others] = names;
    const files = [
      path.resolve(place.folder, first),
      ...others.map((name) => path.resolve(place.folder, name)),
    ] as const;
    return { part, files, within: absolute && !place.fenced ? undefined : place.folder, trim };
  };
  if ('bundle' in ref) return [one('certificate', [ref.bundle]), one('privateKey', [ref.bundle])];
  if ('directory' in ref) {
    const inside = (name: string) => path.join(ref.directory, name);
    return [
      one('certificate', [inside('tls.crt'), inside('fullchain.pem')]),
      one('privateKey', [inside('tls.key'), inside('privkey.pem')]),
    ];
  }
  if ('keys' in ref) return [one('keys', [ref.keys])];
  if ('path' in ref) return [one('value', [ref.path], ref.trim)];
  if ('privateKey' in ref)
    return [one('certificate', [ref.certificate]), one('privateKey', [ref.privateKey])];
  return [one('certificates', [ref.certificates]), ...(ref.crl === undefined ? [] : [one('crl', [ref.crl])])];
}
