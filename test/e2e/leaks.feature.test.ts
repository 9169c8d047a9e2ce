import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { runInProcess } from '../cli/in-process.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { configureAll, HOSTS, KEYS, replace, startStores } from './all-stores.ts';
import { filesUnder, formsOfKey, formsOfText, found } from './leaks.ts';
import { certificateOf } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const SECRETS = [...Object.keys(HOSTS), 'vault-token', 'aws-keys', 'tickets'];

async function answers({ api }: TestReplica): Promise<ReadonlyMap<string, Buffer>> {
  const explained = SECRETS.map((name) => `/v1/explain/secret/${name}`);
  const paths = [
    '/v1/status',
    '/v1/nodes',
    '/v1/secrets',
    '/v1/groups/edge/snapshot',
    '/metrics',
    ...explained,
  ];
  const one = async (path: string): Promise<readonly [string, Buffer]> => {
    const { status, body } = await requestOnce({ url: `${api}${path}` });
    expect(status, path).toBe(200);
    return [`GET ${path}`, Buffer.from(body)];
  };
  return new Map(await Promise.all(paths.map(one)));
}

async function commands({ api }: TestReplica, config: string): Promise<ReadonlyMap<string, Buffer>> {
  const lines = [
    ['secrets', '--api', api],
    ['secrets', '-o', 'json', '--api', api],
    ['explain', 'secret/vault', '--api', api],
    ['status', '-o', 'yaml', '--api', api],
    ['dump', '--group', 'edge', '--api', api],
    ['render', config, '--group', 'edge'],
  ];
  const texts = new Map<string, Buffer>();
  for (const line of lines) {
    const { out, err } = await runInProcess(...line);
    texts.set(line.join(' '), Buffer.from(out + err));
  }
  return texts;
}

async function stateOf(replica: TestReplica, name: string): Promise<string | undefined> {
  return (await replica.status()).secrets.find((one) => one.name === name)?.state;
}

/** What a replica prints that has read every secret and then dies of an error of its own, with everything that Node can be told to add. */
function crash({ config, state }: Workspace): Promise<Buffer> {
  const script = `
    import { serve } from ${JSON.stringify(join(process.cwd(), 'src/serve.ts'))};
    const at = { host: '127.0.0.1', port: 0 };
    let read = 0;
    const write = (line) => {
      process.stdout.write(line);
      if (!line.includes('a secret has a new version')) return;
      read += 1;
      if (read === ${SECRETS.length}) setImmediate(() => { throw new Error('a fault of ours'); });
    };
    await serve({ config: ${JSON.stringify(config)}, state: ${JSON.stringify(`${state}-crash`)}, xds: at, api: at, operators: [], logLevel: 'trace', allowPlaintext: false }, { version: 'test', log: { write } });
  `;
  const flags = ['--trace-uncaught', '--trace-warnings', '--input-type=module', '-e', script];
  return new Promise((resolve) => {
    execFile(process.execPath, flags, { maxBuffer: 64 << 20 }, (error, stdout, stderr) =>
      resolve(Buffer.from(`${error?.message}${stdout}${stderr}`)),
    );
  });
}

test('P5: out of every store, whole and failing: no log, answer, metric, dump, state or crash has a byte of a secret', async () => {
  const workspace = await createWorkspace();
  const stores = await startStores(workspace);
  for (const store of ['vault', 'aws', 'file'] as const) await stores.rotate(store);
  const { https, keys, tickets } = await configureAll(workspace, stores);
  const sealKey = randomBytes(32);
  const auditFile = join(workspace.dir, 'audit.log');
  const settings = { logLevel: 'trace', seal: { key: new SecretBytes(sealKey) }, auditFile } as const;
  const replica = await startReplica(workspace, { settings });
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  for (const name of ['vault', 'aws'] as const) {
    const shown = { port: https, servername: HOSTS[name], ca: stores.ca.certificate };
    await until(`the certificate out of ${name}`, () => certificateOf(shown));
  }
  await until('the issued one', async () => (await stateOf(replica, 'issued')) === 'ok');
  const before = await answers(replica);
  const crashed = await crash(workspace);

  await stores.bao.seal();
  await replace(keys, JSON.stringify({ ...KEYS, accessKeyId: 'AKIAWRONG' }));
  await stores.moto.checkCredentialsAfter(0);
  await replace(stores.files.privateKey, `${stores.privateKeys[0]?.slice(0, 120)}`);
  for (const name of ['vault', 'aws', 'file']) {
    const fails = async () => (await stateOf(replica, name)) === 'failing';
    await until(`${name} to fail`, fails, { timeoutMs: 30_000 });
  }
  await until('alarms', async () => (await replica.status()).alarms.length > 0, { timeoutMs: 30_000 });
  const seen = new Map([
    ...before,
    ...[...(await answers(replica))].map(([place, text]) => [`failing: ${place}`, text] as const),
    ...(await commands(replica, workspace.config)),
    ['the crash', crashed] as const,
  ]);
  await replica.stop();
  const written = await filesUnder(workspace.state);
  expect(written.size).toBeGreaterThan(3);
  expect(seen.get('the crash')?.toString()).toContain('a fault of ours');
  expect(seen.get('the crash')?.toString()).toContain('a secret has a new version');

  const forms = [
    ...stores.privateKeys.flatMap(formsOfKey),
    ...[stores.bao.rootToken, KEYS.secretAccessKey].flatMap((text) => formsOfText(text)),
    ...formsOfText(tickets),
    ...formsOfText(sealKey),
  ];
  const log = new Map([['the log', Buffer.from(replica.log())]]);
  expect(found(new Map([...seen, ...written, ...log]), forms)).toEqual([]);
  // The search finds what there is to find.
  const marked = new Map([['x', Buffer.from(`token=${stores.bao.rootToken}`)]]);
  expect(found(marked, forms)).toEqual(['x']);
}, 120_000);
