import path from 'node:path';
import { readRegularFile } from '../files/regular-file.ts';
import type { SourceContext } from './source.ts';

/** The newest value of a secret, as text. Throws where it was never read. */
export function secretText(name: string, context: Pick<SourceContext, 'secret'>): string {
  const secret = context.secret?.(name);
  if (secret === undefined) throw new Error(`the secret "${name}" could not be read so far`);
  return Buffer.from(secret.reveal()).toString('utf8');
}

/** A file of the user's beside the config, or anywhere by an absolute path. */
export async function fileText(
  file: string,
  { baseDir }: Pick<SourceContext, 'baseDir'>,
  maxBytes: number,
): Promise<string> {
  const within = path.isAbsolute(file) ? undefined : path.resolve(baseDir);
  const { bytes } = await readRegularFile(path.resolve(baseDir, file), { maxBytes, within });
  return bytes.toString('utf8');
}
