import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { MusterError } from '../errors.ts';

const manifest = z.object({ name: z.literal('muster'), version: z.string() });

/** From package.json, which stands two folders up in the sources and three in the package. */
export function musterVersion(): string {
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      return manifest.parse(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))).version;
    } catch {
      // Not there: the other layout.
    }
  }
  throw new MusterError('internal', 'the package.json of muster is missing: install muster again');
}
