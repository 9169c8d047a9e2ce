import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { fileStore } from '../../../src/secrets/file/index.ts';
import type { FileStoreOptions } from '../../../src/secrets/file/refs.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../certificates.ts';
import { testSecretStore } from '../suite.ts';

const ca = await makeCa();
const old = await makeCertificate({ names: ['old.example.com'], issuer: ca });
const next = await makeCertificate({ names: ['new.example.com'], issuer: ca });
const never = new AbortController().signal;
const PAIR = { certificate: 'tls.crt', privateKey: 'tls.key' };

testSecretStore('the file store', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  let turn = 0;
  await writePair(folder, old);
  return {
    store: create(folder),
    ref: PAIR,
    absentRef: { certificate: 'no.crt', privateKey: 'no.key' },
    marker: old.privateKey.split('\n')[1] ?? 'none',
    rotate: () => writePair(folder, turn++ % 2 === 0 ? next : old),
    break: () => rm(path.join(folder, 'tls.key')),
    close: () => rm(folder, { recursive: true }),
  };
});

describe('the file store', () => {
  let folder: string;
  const at = (...names: string[]) => path.join(folder, ...names);
  const read = (ref: unknown, options: FileStoreOptions = {}) => create(folder, options).read(ref, never);
  const namesOf = async (ref: unknown) =>
    Buffer.from((await read(ref))?.parts?.['certificate']?.reveal() ?? []).toString();

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test('a pair as one file', async () => {
    await writeFile(at('all.pem'), old.privateKey + old.chain);
    expect(await namesOf({ bundle: 'all.pem' })).toContain(old.certificate);
  });

  test.for([
    ['tls.crt', 'tls.key'],
    ['fullchain.pem', 'privkey.pem'],
  ] as const)('a pair as a folder: %s, %s', async ([certificate, privateKey]) => {
    await mkdir(at('pair'));
    await writeFile(at('pair', certificate), old.chain);
    await writeFile(at('pair', privateKey), old.privateKey);
    expect(await namesOf({ directory: 'pair' })).toContain(old.certificate);
  });

  test('a CA bundle and a value', async () => {
    await writeFile(at('ca.pem'), ca.certificate);
    await writeFile(at('token'), 's3cret\r\n');
    expect(Object.keys((await read({ certificates: 'ca.pem' }))?.parts ?? {})).toEqual(['certificates']);
    const value = (await read({ path: 'token' }))?.parts?.['value'];
    expect(Buffer.from(value?.reveal() ?? []).toString()).toBe('s3cret');
    const whole = (await read({ path: 'token', trim: false }))?.parts?.['value'];
    expect(whole?.length).toBe(8);
  });

  test('a half-written pair is waited for', async () => {
    await writePair(folder, old);
    await writeFile(at('tls.crt'), next.chain);
    const reading = read(PAIR);
    await writeFile(at('tls.key'), next.privateKey);
    expect(Buffer.from((await reading)?.parts?.['privateKey']?.reveal() ?? []).toString()).toBe(
      next.privateKey,
    );
  });

  test('a value that is still being written is waited for', async () => {
    await writeFile(at('token'), 'half');
    const reading = read({ path: 'token' });
    await writeFile(at('token'), 'half and half');
    expect(Buffer.from((await reading)?.parts?.['value']?.reveal() ?? []).toString()).toBe('half and half');
  });

  test('a pair that stays mismatched is an error that names the files', async () => {
    await writePair(folder, old);
    await writeFile(at('tls.crt'), next.chain);
    await expect(read(PAIR)).rejects.toThrow(/tls\.crt and .*tls\.key do not belong together/);
  });

  test('a swapped link to the folder rotates (Kubernetes style), and is hinted at', async () => {
    for (const [name, pair] of [
      ['one', old],
      ['two', next],
    ] as const) {
      await mkdir(at(name));
      await writePair(at(name), pair);
    }
    await symlink('one', at('..data'));
    const ref = { directory: '..data' };
    const first = await read(ref);
    const controller = new AbortController();
    const hinted = new Promise<void>((resolve) => {
      create(folder).watch?.(ref, resolve, controller.signal);
    });
    await symlink('two', at('..next'));
    await rename(at('..next'), at('..data'));
    await hinted;
    controller.abort();
    expect((await read(ref))?.version).not.toBe(first?.version);
  });

  test('replicas and restarts agree on the version of a pair; of a value only under the same key', async () => {
    await writePair(folder, old);
    await writeFile(at('token'), 'x');
    const key = (byte: number) => new SecretBytes(Buffer.alloc(32, byte));
    const version = async (ref: unknown, hmacKey?: SecretBytes) =>
      (await create(folder, {}, hmacKey).read(ref, never))?.version;
    expect(await version(PAIR, key(1))).toBe(await version(PAIR));
    expect(await version({ certificates: 'tls.crt' }, key(1))).toBe(
      await version({ certificates: 'tls.crt' }),
    );
    expect(await version({ path: 'token' }, key(1))).toBe(await version({ path: 'token' }, key(1)));
    expect(await version({ path: 'token' }, key(1))).not.toBe(await version({ path: 'token' }, key(2)));
  });

  test('BAD10: a relative path must not lead out of the folder, by dots or by a link', async () => {
    await mkdir(at('in'));
    await writeFile(at('token'), 'x');
    await symlink('../token', at('in', 'link'));
    const inner = create(at('in'));
    await expect(inner.read({ path: '../token' }, never)).rejects.toThrow(/leads outside/);
    await expect(inner.read({ path: 'link' }, never)).rejects.toThrow(/leads outside .*absolute path/);
    expect(await inner.read({ path: at('token') }, never)).toBeDefined();
  });

  test('BAD10: with `directory` an absolute path must stay in it too', async () => {
    await mkdir(at('in'));
    await writeFile(at('token'), 'x');
    await writeFile(at('in', 'token'), 'x');
    expect(await read({ path: 'token' }, { directory: 'in' })).toBeDefined();
    expect(await read({ path: at('in', 'token') }, { directory: 'in' })).toBeDefined();
    await expect(read({ path: at('token') }, { directory: 'in' })).rejects.toThrow(/leads outside/);
  });

  test('BAD10: /proc is refused', async () => {
    await expect(read({ path: '/proc/self/environ' })).rejects.toThrow(/\/proc, which is never read/);
  });
});

function create(baseDir: string, options: FileStoreOptions = {}, hmacKey?: SecretBytes) {
  return fileStore.create(options, { name: 'file', baseDir, hmacKey });
}

async function writePair(folder: string, pair: MadeCertificate): Promise<void> {
  for (const [name, text] of [
    ['tls.crt', pair.chain],
    ['tls.key', pair.privateKey],
  ] as const) {
    await writeFile(path.join(folder, `${name}.new`), text);
    await rename(path.join(folder, `${name}.new`), path.join(folder, name));
  }
}
