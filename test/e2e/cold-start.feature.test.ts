import { randomBytes } from 'node:crypto';
import { chmod, readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { until } from '../parts/until.ts';
import { filesUnder, formsOfKey, formsOfText, found } from './leaks.ts';
import { certificateOf, derOf, type Handshake } from './parts.ts';
import { hostsOf, startProxy } from './proxy.ts';
import { startReplica, startReplicaChild, type TestReplica } from './replica.ts';
import { HOST, type Sourced, startSourced } from './sourced.ts';
import { createWorkspace, untilStored, type Workspace } from './workspace.ts';

const KEY = randomBytes(32);
const MARKER = 'marker-0b9d6a52-of-a-sealed-token';

function sealedWith(key: Buffer): Partial<Settings> {
  return { seal: { key: new SecretBytes(key) } };
}

interface Stage {
  readonly workspace: Workspace;
  readonly sourced: Sourced;
  readonly shown: Handshake;
  /** Makes every secret unreadable, as if its store were down; and readable again. */
  takeStores(): Promise<void>;
  giveStores(): Promise<void>;
}

/** Two secrets, a pair and a token, in files that can be taken away. */
async function stage(): Promise<Stage> {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  await sourced.write([sourced.ports[0]]);
  const token = join(workspace.dir, 'token');
  await writeFile(token, MARKER);
  await workspace.put('more.yaml', JSON.stringify({ secrets: { token: { value: { path: token } } } }));
  const { certificate, privateKey, ca } = sourced.pair;
  const files = [certificate, privateKey, token];
  return {
    workspace,
    sourced,
    shown: { port: sourced.https, servername: HOST, ca },
    takeStores: async () => {
      for (const file of files) await rename(file, `${file}.away`);
    },
    giveStores: async () => {
      for (const file of files) await rename(`${file}.away`, file);
    },
  };
}

function sealedFolder({ state }: Workspace): string {
  return join(state, 'sealed');
}

async function untilSealed(workspace: Workspace, files: number): Promise<void> {
  await until('the secrets to be sealed', async () => {
    const names = await readdir(sealedFolder(workspace)).catch(() => []);
    return names.length === files && names.every((name) => name.endsWith('.sealed'));
  });
  await untilStored(workspace, 1);
}

/** One life with its stores up, in which everything is kept. */
async function liveOnce({ workspace }: Stage, key: Buffer): Promise<void> {
  const replica = await startReplica(workspace, { settings: sealedWith(key) });
  await untilSealed(workspace, 2);
  await replica.stop();
}

function untilShown(shown: Handshake, chain: string): Promise<unknown> {
  const wanted = derOf(chain);
  return until('the certificate', async () => (await certificateOf(shown).catch(() => '')) === wanted, {
    timeoutMs: 10_000,
  });
}

async function stateOf(replica: TestReplica, secret: string): Promise<string | undefined> {
  const { secrets } = await replica.status();
  return secrets.find(({ name }) => name === secret)?.state;
}

test('P8: after a crash, with every store down, a fresh Envoy serves TLS within 5 s', async () => {
  const stageOne = await stage();
  const { workspace, sourced, shown } = stageOne;
  const { chain } = await sourced.pair.rotate();
  const keyFile = join(workspace.dir, 'seal.key');
  await writeFile(keyFile, `${KEY.toString('hex')}\n`);
  await chmod(keyFile, 0o400);
  const flags = ['--seal-key-file', keyFile];
  const first = await startReplicaChild(workspace, { flags });
  await untilSealed(workspace, 2);
  await first.kill();
  await stageOne.takeStores();

  const started = performance.now();
  const second = await startReplica(workspace, { settings: sealedWith(KEY) });
  const up = performance.now();
  const envoy = await startProxy({ xds: [second.xdsPort] });
  await untilShown(shown, chain);
  const tookMs = performance.now() - started;
  console.info(`cold start: replica ${Math.round(up - started)} ms, TLS ${Math.round(tookMs)} ms`);
  expect(tookMs).toBeLessThan(5_000);
  await envoy.ready();
  expect(await hostsOf(envoy, 'web')).toHaveLength(1);
  expect(await stateOf(second, 'web-tls')).toBe('restored');
  expect(second.log()).not.toContain('sealed with another key');

  await stageOne.giveStores();
  const { chain: next } = await sourced.pair.rotate();
  await untilShown(shown, next);
});

test('a restored secret that the store gives again is not pushed again', async () => {
  const stageOne = await stage();
  const { workspace, sourced, shown } = stageOne;
  const { chain } = await sourced.pair.rotate();
  await liveOnce(stageOne, KEY);
  await stageOne.takeStores();
  const replica = await startReplica(workspace, { settings: sealedWith(KEY) });
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await untilShown(shown, chain);
  await envoy.ready();
  const { revision } = await replica.snapshot('edge');
  await stageOne.giveStores();
  await until('the store to answer', async () => (await stateOf(replica, 'web-tls')) === 'ok');
  await until('the token to be read', async () => (await stateOf(replica, 'token')) === 'ok');
  expect((await replica.snapshot('edge')).revision).toBe(revision);
});

test('without a seal key nothing of a secret is there, and a cold start serves no TLS', async () => {
  const stageOne = await stage();
  const { workspace, sourced, shown } = stageOne;
  await liveOnce(stageOne, KEY);
  const second = await startReplica(workspace);
  await until('the secret to be read', async () => (await stateOf(second, 'web-tls')) === 'ok');
  expect(second.log()).toContain('2 sealed secrets of an earlier start removed');
  await second.stop();
  expect(await readdir(workspace.state)).not.toContain('sealed');
  await stageOne.takeStores();

  const third = await startReplica(workspace);
  const envoy = await startProxy({ xds: [third.xdsPort] });
  await until('the plain listener', async () => (await hostsOf(envoy, 'web'))?.length === 1);
  expect(await stateOf(third, 'web-tls')).toBe('absent');
  expect(third.log()).not.toContain('removed from');
  await expect(certificateOf(shown)).rejects.toThrow();
  await stageOne.giveStores();
  const { chain } = await sourced.pair.rotate();
  await untilShown(shown, chain);
});

test('P5: no byte of a secret or of the seal key is in the state folder or the log, and it is closed to others', async () => {
  const stageOne = await stage();
  const { workspace, sourced } = stageOne;
  const pairs = [await sourced.pair.rotate()];
  const replica = await startReplica(workspace, { settings: { ...sealedWith(KEY), logLevel: 'trace' } });
  await untilSealed(workspace, 2);
  const before = await filesUnder(sealedFolder(workspace));
  pairs.push(await sourced.pair.rotate());
  await until('the next pair to be sealed', async () => {
    const now = await filesUnder(sealedFolder(workspace));
    return [...now].some(([path, bytes]) => before.get(path)?.equals(bytes) !== true);
  });
  await replica.stop();
  expect((await stat(sealedFolder(workspace))).mode & 0o777).toBe(0o700);
  const sealed = await filesUnder(sealedFolder(workspace));
  expect(sealed.size).toBe(2);
  for (const path of sealed.keys()) expect((await stat(path)).mode & 0o777, path).toBe(0o600);

  const forms = [
    ...pairs.flatMap(({ privateKey }) => formsOfKey(privateKey)),
    ...formsOfText(MARKER),
    ...formsOfText(KEY),
  ];
  const log = ['the log', Buffer.from(replica.log())] as const;
  const all = new Map([...(await filesUnder(workspace.state)), log]);
  expect(found(all, forms)).toEqual([]);
  expect(found(new Map([['itself', KEY]]), forms)).toEqual(['itself']);
});

test('another key at a restart: said in words, the stores serve, and what was sealed under the old key goes', async () => {
  const stageOne = await stage();
  const { workspace, sourced, shown } = stageOne;
  const { chain } = await sourced.pair.rotate();
  await liveOnce(stageOne, KEY);
  const old = [...(await filesUnder(sealedFolder(workspace))).keys()];
  const replica = await startReplica(workspace, { settings: sealedWith(randomBytes(32)) });
  expect(replica.log()).toContain('2 secrets are sealed with another key');
  await startProxy({ xds: [replica.xdsPort] });
  await untilShown(shown, chain);
  await until('the old files to be gone', async () => {
    const now = await readdir(sealedFolder(workspace));
    return now.length === 2 && !now.some((name) => old.some((path) => path.endsWith(name)));
  });
});
