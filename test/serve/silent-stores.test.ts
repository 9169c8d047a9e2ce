import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';
import { createSealedOnDisk } from '../../src/sealed/on-disk.ts';
import { deriveSealKeys } from '../../src/sealed/seal-keys.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import type { SecretStoreContext } from '../../src/secrets/store.ts';
import { readStartConfig } from '../../src/serve/start-config.ts';
import { startReplica } from '../e2e/replica.ts';
import { createWorkspace, type Workspace } from '../e2e/workspace.ts';

const contexts: SecretStoreContext[] = vi.hoisted(() => []);

/** The store that is always there never answers: it is as slow as its network lets it be. */
vi.mock('../../src/secrets/index.ts', async (original) => {
  const real = await original<typeof import('../../src/secrets/index.ts')>();
  const create = (_: unknown, context: SecretStoreContext) => {
    contexts.push(context);
    return { read: () => new Promise<never>(() => undefined) };
  };
  return { SECRET_STORES: { ...real.SECRET_STORES, file: { ...real.SECRET_STORES.file, create } } };
});

const KEY = new SecretBytes(randomBytes(32));

let workspace: Workspace;
beforeEach(async () => {
  contexts.length = 0;
  workspace = await createWorkspace();
  const endpoints = join(workspace.dir, 'endpoints.yaml');
  await writeFile(endpoints, 'instances: []');
  await workspace.putConfig({
    sources: { vms: { file: { paths: [endpoints] } } },
    secrets: { token: { value: { path: '/nowhere/token' } } },
  });
});

/** As an earlier life sealed it. */
async function sealToken(text: string): Promise<void> {
  const onProblem = (problem: string | undefined): void => expect(problem).toBeUndefined();
  const sealed = createSealedOnDisk({ stateDir: workspace.state, key: KEY, onProblem });
  const { config } = await readStartConfig(workspace.config, VOCABULARY, undefined);
  const token = config.secrets.get('token');
  if (token === undefined) throw new TypeError('it is in the config');
  sealed.put(token, { kind: 'value', version: 'v1', value: SecretBytes.fromUtf8(text) }, Date.now());
  await sealed.close();
}

async function startsIn(settings: { readonly seal?: { readonly key: SecretBytes } }): Promise<number> {
  const started = performance.now();
  await startReplica(workspace, { settings });
  return performance.now() - started;
}

test('a restored secret is not waited for, and is what sources and stores log in with', async () => {
  await sealToken('hush');
  expect(await startsIn({ seal: { key: KEY } })).toBeLessThan(2_000);
  const [context] = contexts;
  expect(Buffer.from(context?.secret?.('token')?.reveal() ?? []).toString()).toBe('hush');
  expect(hex(context?.hmacKey)).toBe(hex(deriveSealKeys(KEY).versions));
});

test('what is not restored is waited for, in vain for 3 s at the most', async () => {
  await sealToken('hush');
  const tookMs = await startsIn({});
  expect(tookMs).toBeGreaterThan(2_500);
  expect([contexts[0]?.secret?.('token'), contexts[0]?.hmacKey]).toEqual([undefined, undefined]);
});

function hex(key: SecretBytes | undefined): string | undefined {
  return key && Buffer.from(key.reveal()).toString('hex');
}
