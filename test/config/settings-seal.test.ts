import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { parseSealKey } from '../../src/config/settings/seal-key.ts';
import { loadSettings, type Settings, type SettingsInput } from '../../src/config/settings.ts';
import { formatProblem, MusterError } from '../../src/errors.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';

const KEY = randomBytes(32);
const HEX = KEY.toString('hex');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-seal-key-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, text: string | Buffer, mode = 0o400): Promise<string> {
  const file = join(folder, name);
  await rm(file, { force: true });
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

function load(input: Partial<SettingsInput>): Promise<Settings> {
  const env = { MUSTER_CONFIG: 'c', ...input.env };
  return loadSettings({ flags: {}, cwd: folder, ...input, env });
}

async function faults(input: Partial<SettingsInput>): Promise<readonly string[]> {
  const error = await load(input).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MusterError);
  if (!(error instanceof MusterError)) return [];
  const lines = error.problems.map(formatProblem);
  expect(inspect(error, { depth: 10 })).not.toContain(HEX.slice(0, 16));
  return lines;
}

/** What is sealed where, the key as hex. */
async function sealOf(input: Partial<SettingsInput>) {
  const { state, seal } = await load(input);
  return { state, key: seal && Buffer.from(seal.key.reveal()).toString('hex'), warning: seal?.warning };
}

describe('the seal key', () => {
  it('comes from the settings file, whose folder its path starts at', async () => {
    await put('key', `${HEX}\n`);
    const file = await put('muster.yaml', 'state: { directory: s, seal: { keyFile: key } }\n');
    expect(await sealOf({ file, cwd: '/w' })).toEqual({ state: join(folder, 's'), key: HEX });
    const named = await put('named.yaml', 'state: { directory: s, seal: { environment: MY_KEY } }\n');
    expect(await sealOf({ file: named, env: { MY_KEY: HEX } })).toMatchObject({ key: HEX });
  });

  it('comes from the environment and from a flag, the later one first', async () => {
    const [one, two] = [randomBytes(32), randomBytes(32)];
    await put('one', one);
    await put('two', two.toString('base64'));
    const file = await put('over.yaml', 'state: { directory: s, seal: { keyFile: none } }\n');
    expect(await sealOf({ file, env: { MUSTER_SEAL_KEY: HEX } })).toMatchObject({ key: HEX });
    expect(await sealOf({ file, env: { MUSTER_SEAL_KEY_FILE: 'one' } })).toMatchObject({
      key: one.toString('hex'),
    });
    const input = { env: { MUSTER_STATE: 't', MUSTER_SEAL_KEY: HEX }, flags: { sealKeyFile: 'two' } };
    expect(await sealOf({ file, ...input })).toEqual({
      state: join(folder, 't'),
      key: two.toString('hex'),
    });
    expect(await sealOf(input)).toEqual({ state: join(folder, 't'), key: two.toString('hex') });
  });

  it('is asked for by nobody: without it nothing is sealed', async () => {
    expect(await sealOf({ flags: { state: 's' } })).toEqual({ state: join(folder, 's') });
    const file = await put('plain.yaml', 'state: { directory: s }\n');
    expect(await sealOf({ file })).toEqual({ state: join(folder, 's') });
  });

  it('prints nowhere', async () => {
    const settings = await load({ flags: { state: 's' }, env: { MUSTER_SEAL_KEY: HEX } });
    expect(inspect(settings, { depth: 10 }) + JSON.stringify(settings)).not.toContain(HEX.slice(0, 16));
  });

  it('without a state folder is a mistake', async () => {
    const wrong =
      'state: a seal key alone keeps nothing over a restart: give the state directory too (--state DIR)';
    expect(await faults({ env: { MUSTER_SEAL_KEY: HEX } })).toEqual([wrong]);
    await put('key', HEX);
    expect(await faults({ flags: { sealKeyFile: 'key' } })).toEqual([wrong]);
  });

  it('is in one place, not in two', async () => {
    const env = { MUSTER_STATE: 's', MUSTER_SEAL_KEY: HEX, MUSTER_SEAL_KEY_FILE: 'key' };
    expect(await faults({ env })).toEqual([
      'state.seal: expected the seal key in one place: keyFile or environment',
    ]);
    const file = await put('none.yaml', 'state: { directory: s, seal: {} }\n');
    expect(await faults({ file })).toEqual([expect.stringMatching(/none.yaml:1:\d+: state.seal: expected/)]);
  });

  it('has mistakes told with their place', async () => {
    const file = await put('typo.yaml', 'state:\n  directory: s\n  seal: { keyFle: key }\n');
    expect(await faults({ file })).toEqual([
      expect.stringMatching(/typo.yaml:3:11: state.seal.keyFle: .*did you mean "keyFile"/),
    ]);
    const gone = await put('gone.yaml', 'state:\n  directory: s\n  seal: { keyFile: gone }\n');
    expect(await faults({ file: gone })).toEqual([
      expect.stringMatching(
        /gone.yaml:3:20: state.seal.keyFile: .*gone does not exist \(make one with: openssl rand -hex 32\)/,
      ),
    ]);
    const unset = await put('unset.yaml', 'state: { directory: s, seal: { environment: NO_KEY } }\n');
    expect(await faults({ file: unset })).toEqual([expect.stringMatching(/the variable NO_KEY is not set/)]);
  });

  it('must not be open to everybody, and is warned of when it is to its group', async () => {
    await put('key', HEX, 0o644);
    const input = { flags: { state: 's', sealKeyFile: 'key' } };
    expect(await faults(input)).toEqual([
      expect.stringMatching(/every user of this machine may use .*key \(mode 0644\) \(chmod 0400 .*key\)$/),
    ]);
    await put('key', HEX, 0o440);
    expect(await sealOf(input)).toMatchObject({ key: HEX, warning: expect.stringContaining('0440') });
  });
});

describe('the form of a seal key', () => {
  const hexOf = (bytes: Buffer): string | undefined => {
    const key = parseSealKey(bytes);
    return key instanceof SecretBytes ? Buffer.from(key.reveal()).toString('hex') : undefined;
  };

  test('raw, hex and base64, with or without a line end, are the same key', () => {
    fc.assert(
      fc.property(
        fc
          .uint8Array({ minLength: 32, maxLength: 32 })
          .filter((key) => new Set(key).size > 1 && key.some((byte) => byte > 0x7e)),
        fc.constantFrom('', '\n', '\r\n'),
        (key, end) => {
          const raw = Buffer.from(key);
          const forms = [raw.toString('hex'), raw.toString('base64'), raw.toString('base64url')];
          const read = [raw, ...forms.map((form) => Buffer.from(form + end))].map(hexOf);
          expect(new Set(read)).toEqual(new Set([raw.toString('hex')]));
        },
      ),
    );
  });

  test.each([
    ['nothing', ''],
    ['31 bytes', randomBytes(31)],
    ['33 bytes', randomBytes(33)],
    ['16 bytes in hex', randomBytes(16).toString('hex')],
    ['a password of 32 characters', 'correct horse battery staple, ok'],
    ['65 hex digits', `${HEX}a`],
    ['hex with a space', `${HEX.slice(0, 32)} ${HEX.slice(32)}`],
    ['two line ends', `${HEX}\n\n`],
    ['zeros', Buffer.alloc(32)],
    ['zeros in hex', '0'.repeat(64)],
    ['PEM', '-----BEGIN PRIVATE KEY-----\n'],
  ])('%s is refused in words', (_, given) => {
    const problem = parseSealKey(Buffer.from(given));
    expect(problem).toMatch(/^a seal key is 32 random bytes, as 64 hex digits, as base64 or raw; this /);
  });
});
