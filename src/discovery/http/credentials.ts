import path from 'node:path';
import { readRegularFile } from '../../files/regular-file.ts';
import type { SourceContext } from '../source.ts';
import type { HttpSourceOptions } from './schema.ts';

const MAX_BYTES = 64 * 1024;
const MAX_CA_BYTES = 1024 * 1024;

/** The `authorization` header, read anew for each request so that a rotated secret is used at once. Its value is in no error. */
export async function authorizationHeader(
  { authorization }: HttpSourceOptions,
  context: SourceContext,
): Promise<Readonly<Record<string, string>>> {
  if (authorization === undefined) return {};
  const { scheme, secret, file } = authorization;
  const text = (
    file === undefined ? secretText(secret ?? '', context) : await fileText(file, context)
  ).trim();
  if (text === '') throw new Error(`the ${what(secret, file)} is empty`);
  if (!/^[\x20-\x7e]+$/.test(text))
    throw new Error(`the ${what(secret, file)} has characters that no header can carry`);
  const value = scheme === 'Basic' ? Buffer.from(text, 'utf8').toString('base64') : text;
  return { authorization: `${scheme} ${value}` };
}

export async function trustedAuthorities(
  { tls }: HttpSourceOptions,
  context: SourceContext,
): Promise<string | undefined> {
  return tls === undefined ? undefined : readText(tls.ca, context, MAX_CA_BYTES);
}

function secretText(name: string, context: SourceContext): string {
  const secret = context.secret?.(name);
  if (secret === undefined) throw new Error(`the secret "${name}" could not be read so far`);
  return Buffer.from(secret.reveal()).toString('utf8');
}

function fileText(file: string, context: SourceContext): Promise<string> {
  return readText(file, context, MAX_BYTES);
}

async function readText(file: string, { baseDir }: SourceContext, maxBytes: number): Promise<string> {
  const within = path.isAbsolute(file) ? undefined : path.resolve(baseDir);
  const { bytes } = await readRegularFile(path.resolve(baseDir, file), { maxBytes, within });
  return bytes.toString('utf8');
}

function what(secret: string | undefined, file: string | undefined): string {
  return secret === undefined ? `file ${file}` : `secret "${secret}"`;
}
