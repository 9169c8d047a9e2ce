import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensurePart } from '../../scripts/parts.mjs';

/** Lets a real Envoy read the very text; rejects with its words when it refuses it. */
export async function validateFileWithEnvoy(text: string, extension: string): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-bootstrap-'));
  try {
    const file = join(dir, `bootstrap.${extension}`);
    await writeFile(file, text);
    const binary = await ensurePart('envoy');
    await promisify(execFile)(binary, ['--mode', 'validate', '-c', file, '-l', 'error']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
