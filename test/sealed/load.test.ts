import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createUnsealed } from '../../src/sealed/unsealed.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import type { CheckedSecret } from '../../src/secrets/store.ts';
import { DAY, KEY, known, NOW, pair, type SealedFolder, sealedFolder, secretConfig, value } from './life.ts';

const TOKEN = secretConfig('token');
const NASTY = secretConfig('../../etc/a b\n\0');

let folder: SealedFolder;
beforeEach(async () => {
  folder = await sealedFolder();
});

/** One life that keeps these. */
async function keep(...secrets: readonly (readonly [typeof TOKEN, CheckedSecret])[]): Promise<void> {
  const life = folder.open();
  for (const [config, secret] of secrets) life.put(config, secret, NOW);
  await life.close();
}

test('what was put is there after a restart, in files of its owner alone', async () => {
  await keep([TOKEN, value('hush-hush')], [NASTY, value('other')]);
  expect(await folder.restored([TOKEN, NASTY])).toEqual({
    texts: { token: 'hush-hush', [NASTY.name]: 'other' },
    problems: [],
  });
  expect((await stat(folder.dir)).mode & 0o777).toBe(0o700);
  const names = await readdir(folder.dir);
  expect(names).toHaveLength(2);
  for (const name of names) {
    expect((await stat(join(folder.dir, name))).mode & 0o777).toBe(0o600);
    expect((await readFile(join(folder.dir, name))).includes('hush-hush')).toBe(false);
  }
});

test('every kind comes back as it was', async () => {
  const tls = await pair(30);
  const cert = tls.kind === 'tls' ? tls.certificateChain : new Uint8Array();
  const keys = [1, 2].map((n) => new SecretBytes(Buffer.alloc(80, n)));
  const secrets: CheckedSecret[] = [
    tls,
    { kind: 'ca', version: 'v2', certificates: cert, notAfter: known('notAfter' in tls ? tls.notAfter : 0) },
    { kind: 'sessionTicketKeys', version: 'v3', keys },
    value('x'),
  ];
  const configs = secrets.map(({ kind }) => secretConfig(kind, kind));
  await keep(...secrets.map((secret, n) => [known(configs[n]), secret] as const));
  const { secrets: found, problems } = await folder.open().load(configs, NOW);
  expect(problems).toEqual([]);
  expect([...found.values()].map(plain)).toEqual(
    expect.arrayContaining(secrets.map((secret) => expect.objectContaining(plain(secret)))),
  );
});

/** With its secret bytes as hex, to compare. */
function plain(secret: CheckedSecret): object {
  const hex = (bytes: SecretBytes): string => Buffer.from(bytes.reveal()).toString('hex');
  if (secret.kind === 'tls') return { ...secret, privateKey: hex(secret.privateKey) };
  if (secret.kind === 'value') return { ...secret, value: hex(secret.value) };
  return secret.kind === 'sessionTicketKeys' ? { ...secret, keys: secret.keys.map(hex) } : secret;
}

describe('FAULT10: what cannot be used is ignored with its reason', () => {
  const other = secretConfig('other');

  async function expectIgnored(reason: RegExp): Promise<void> {
    const { texts, problems } = await folder.restored([TOKEN, other]);
    expect(texts).toEqual({ other: 'good' });
    expect(problems).toEqual([expect.stringMatching(reason)]);
    expect(problems.join()).toContain('"token"');
    expect(problems.join()).not.toContain('hush-hush');
  }

  beforeEach(() => keep([TOKEN, value('hush-hush')], [other, value('good')]));

  test('a file cut off at any byte, and one with a byte too many', async () => {
    const whole = await readFile(folder.file('token'));
    for (let length = 0; length < whole.length; length += 1) {
      await writeFile(folder.file('token'), whole.subarray(0, length));
      await expectIgnored(/damaged/);
    }
    await writeFile(folder.file('token'), Buffer.concat([whole, Buffer.alloc(1)]));
    await expectIgnored(/damaged/);
  });

  test('a file copied over that of another secret', async () => {
    await copyFile(folder.file('other'), folder.file('token'));
    await expectIgnored(/it holds another secret/);
  });

  test('a format of the future', async () => {
    const bytes = await readFile(folder.file('token'));
    bytes[8] = 9;
    await writeFile(folder.file('token'), bytes);
    await expectIgnored(/format 9, this version reads 1/);
  });

  test('a file beyond all bounds', async () => {
    await truncate(folder.file('token'), 5 * 1024 * 1024);
    await expectIgnored(/it has 5242880 bytes/);
  });

  test.each<[string, (file: string) => Promise<unknown> | unknown, RegExp]>([
    ['a symbolic link', (file) => symlink(folder.file('other'), file), /it is a symbolic link/],
    ['a FIFO', (file) => execFileSync('mkfifo', [file]), /not a regular file/],
    ['a directory', (file) => mkdir(file), /not a regular file/],
  ])('BAD10: %s in place of the file', async (_, put, reason) => {
    await rm(folder.file('token'));
    await put(folder.file('token'));
    await expectIgnored(reason);
  });

  test('the next good version takes its place', async () => {
    await writeFile(folder.file('token'), 'x');
    await keep([TOKEN, value('new')]);
    expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'new' });
  });
});

describe('what has had its time is removed at start', () => {
  test('a pair at its end, and not a moment before', async () => {
    const tls = await pair(1);
    const config = secretConfig('shop', 'tls');
    const end = known('notAfter' in tls ? tls.notAfter : undefined);
    await keep([config, tls]);
    expect((await folder.restored([config], end - 1)).texts).toEqual({ shop: 'v1' });
    const { texts, problems } = await folder.restored([config], end);
    expect(texts).toEqual({});
    expect(problems).toEqual([expect.stringMatching(/"shop".*removed: it ended on \d{4}/)]);
    expect(await readdir(folder.dir)).toEqual([]);
  });

  test('a value 30 days after its store last confirmed it', async () => {
    await keep([TOKEN, value('x')]);
    expect((await folder.restored([TOKEN], NOW + 30 * DAY - 1)).texts).toEqual({ token: 'x' });
    expect((await folder.restored([TOKEN], NOW + 30 * DAY)).texts).toEqual({});
    expect(existsSync(folder.file('token'))).toBe(false);
  });

  test.each([
    ['is not in the config', []],
    ['is read from another place', [secretConfig('token', 'value', { path: 'elsewhere' })]],
    ['is of another kind', [secretConfig('token', 'ca')]],
    ['comes from another store', [{ ...TOKEN, store: 'file' }]],
  ])('one that %s', async (_, wanted) => {
    await keep([TOKEN, value('x')]);
    expect(await folder.restored(wanted)).toEqual({ texts: {}, problems: [] });
    expect(await readdir(folder.dir)).toEqual([]);
  });

  test('and the leftovers of a crash', async () => {
    await keep([TOKEN, value('x')]);
    await writeFile(`${folder.file('token')}.tmp`, 'half');
    expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'x' });
    expect(await readdir(folder.dir)).toHaveLength(1);
  });
});

test('an order of keys in the reference is no other place', async () => {
  await keep([secretConfig('a', 'value', { mount: 'm', path: 'p' }), value('x')]);
  const turned = secretConfig('a', 'value', { path: 'p', mount: 'm' });
  expect((await folder.restored([turned])).texts).toEqual({ a: 'x' });
});

test('another key: said in words, nothing served, nothing lost for the right key', async () => {
  await keep([TOKEN, value('x')]);
  const wrong = new SecretBytes(randomBytes(32));
  const { texts, problems } = await folder.restored([TOKEN], NOW, wrong);
  expect(texts).toEqual({});
  expect(problems).toEqual([expect.stringMatching(/^1 secret is sealed with another key/)]);
  expect((await folder.restored([TOKEN])).texts).toEqual({ token: 'x' });
});

test('another key: what it cannot open goes when all that is wanted is sealed anew', async () => {
  const second = secretConfig('second');
  await keep([TOKEN, value('x')], [second, value('y')]);
  const life = folder.open(new SecretBytes(randomBytes(32)));
  await life.load([TOKEN, second], NOW);
  life.retain(new Map([TOKEN, second].map((config) => [config.name, config])));
  life.put(TOKEN, value('x'), NOW);
  await life.flush();
  expect(await readdir(folder.dir)).toHaveLength(3);
  life.put(second, value('y'), NOW);
  await life.close();
  expect(await readdir(folder.dir)).toHaveLength(2);
  expect(existsSync(folder.file('token'))).toBe(false);
});

test('without a key, what was sealed before is removed and that is said once; what is of others stays', async () => {
  await keep([TOKEN, value('x')], [NASTY, value('y')]);
  await writeFile(join(folder.dir, 'note'), '');
  const { problems } = await createUnsealed(folder.stateDir).load([TOKEN], NOW);
  expect(problems).toEqual([expect.stringMatching(/^2 sealed secrets of an earlier start removed/)]);
  expect(await readdir(folder.dir)).toEqual(['note']);
  expect((await createUnsealed(folder.stateDir).load([TOKEN], NOW)).problems).toEqual([]);
  await keep([TOKEN, value('x')]);
  await rm(join(folder.dir, 'note'));
  await createUnsealed(folder.stateDir).load([TOKEN], NOW);
  expect(existsSync(folder.dir)).toBe(false);
});

test('BAD10: a link in place of the folder is not followed', async () => {
  await keep([TOKEN, value('x')]);
  const second = await sealedFolder();
  await symlink(folder.dir, second.dir);
  const { texts, problems } = await second.restored([TOKEN], NOW, KEY);
  expect([texts, problems]).toEqual([{}, [expect.stringMatching(/sealed is not a directory/)]]);
});
