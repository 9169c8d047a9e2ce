import { createPrivateKey } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The secret number of an EC key in every form in which it could leak: bytes, hex, and base64 at each offset. */
export function formsOfKey(pem: string): readonly Buffer[] {
  const { d } = createPrivateKey(pem).export({ format: 'jwk' });
  if (d === undefined) throw new TypeError('an EC key has a secret number');
  const raw = Buffer.from(d, 'base64url');
  return [raw, Buffer.from(raw.toString('hex')), ...base64Forms(raw)];
}

/** The same of any text. */
export function formsOfText(text: string | Buffer): readonly Buffer[] {
  const raw = Buffer.from(text);
  return [raw, Buffer.from(raw.toString('hex')), ...base64Forms(raw)];
}

/** What stays the same of the base64 of anything that has these bytes in it. */
function base64Forms(raw: Buffer): readonly Buffer[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), raw])
      .toString('base64')
      .replaceAll('=', '');
    const inner = text.slice(offset === 0 ? 0 : 4, -4);
    return [Buffer.from(inner), Buffer.from(inner.replaceAll('+', '-').replaceAll('/', '_'))];
  });
}

/** Every place in which a text has one of the forms; PEM breaks lines, so they are joined first. */
export function found(texts: ReadonlyMap<string, Buffer>, forms: readonly Buffer[]): readonly string[] {
  return [...texts].flatMap(([place, bytes]) => {
    const joined = Buffer.from(bytes.toString('latin1').replaceAll(/\\n|\n/g, ''), 'latin1');
    return forms.some((form) => bytes.includes(form) || joined.includes(form)) ? [place] : [];
  });
}

/** Every regular file of a folder by its path. */
export async function filesUnder(dir: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)));
}
