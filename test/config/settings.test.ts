import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadSettings, type SettingsInput } from '../../src/config/settings.ts';
import { formatProblem, MusterError } from '../../src/errors.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function faults(input: Partial<SettingsInput>): Promise<string[]> {
  const error = await loadSettings({ env: {}, flags: {}, cwd: '/w', ...input }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MusterError);
  return error instanceof MusterError ? error.problems.map(formatProblem) : [];
}

it('has a default for all but the config', async () => {
  expect(await loadSettings({ env: {}, flags: { config: 'c', state: undefined }, cwd: '/w' })).toEqual({
    config: '/w/c',
    xds: { host: '127.0.0.1', port: 18000 },
    api: { host: '127.0.0.1', port: 18080 },
    logLevel: 'info',
    allowPlaintext: false,
  });
  expect(await faults({})).toEqual(['config: is missing (give --config PATH)']);
});

it('takes flags before the environment before the file, with paths from their own folder', async () => {
  const file = join(folder, 'muster.yaml');
  await writeFile(
    file,
    'config: c\nstate: s\nlogLevel: debug\nxds: "[::1]:1"\nnodeTls: { certificate: a, privateKey: b, ca: /c }\n',
  );
  const env = { MUSTER_STATE: 't', MUSTER_LOG_LEVEL: 'warn', MUSTER_ALLOW_PLAINTEXT: 'true' };
  expect(await loadSettings({ file, env, flags: { logLevel: 'error' }, cwd: '/w' })).toEqual({
    config: join(folder, 'c'),
    state: '/w/t',
    xds: { host: '::1', port: 1 },
    api: { host: '127.0.0.1', port: 18080 },
    logLevel: 'error',
    nodeTls: { certificate: join(folder, 'a'), privateKey: join(folder, 'b'), ca: '/c' },
    allowPlaintext: true,
  });
});

it('gives every problem at once, with its place', async () => {
  const file = join(folder, 'bad.yaml');
  await writeFile(file, 'config: c\nlogLvel: debug\nxds: localhost:1\n');
  const place = (line: number, column: number) => `${file}:${line}:${column}: `;
  const found = await faults({ file, env: { MUSTER_LOG_LEVEL: 'wrn' } });
  expect(found).toContain(`${place(2, 1)}logLvel: unknown key "logLvel" (did you mean "logLevel"?)`);
  expect(found).toContain(`${place(3, 6)}xds: expected an IP address and a port, such as "127.0.0.1:18000"`);
  expect(found).toContain(
    'logLevel: expected one of trace, debug, info, warn, error, got "wrn" (did you mean "warn"?)',
  );
  expect(await faults({ file: join(folder, 'none.yaml') })).toEqual([
    expect.stringMatching(/none.yaml: cannot be read/),
  ]);
});

it('refuses to be open to the network without protection', async () => {
  const flags = { config: 'c', xds: '0.0.0.0:1', api: '0.0.0.0:2' };
  expect(await faults({ flags })).toEqual([
    'api: 0.0.0.0 is beyond loopback and the API has no token (give apiTokenFile)',
    'xds: 0.0.0.0 is beyond loopback and the node port has no TLS (give nodeTls, or allowPlaintext: true)',
  ]);
});

it('knows who may not connect, who may look, and where refusals are kept', async () => {
  const file = join(folder, 'access.yaml');
  await writeFile(file, 'config: c\nnodeDenylist: denied\noperators: ["spiffe://example.org/operator/a"]\n');
  const env = { MUSTER_AUDIT_FILE: 'audit.log', MUSTER_OPERATORS: 'spiffe://a/operator/b, urn:c' };
  const { nodeDenylist, operators, auditFile } = await loadSettings({ file, env: {}, flags: {}, cwd: '/w' });
  expect([nodeDenylist, operators, auditFile]).toEqual([
    join(folder, 'denied'),
    ['spiffe://example.org/operator/a'],
    undefined,
  ]);
  const over = await loadSettings({ file, env, flags: { nodeDenylist: 'd' }, cwd: '/w' });
  expect([over.nodeDenylist, over.operators, over.auditFile]).toEqual([
    '/w/d',
    ['spiffe://a/operator/b', 'urn:c'],
    '/w/audit.log',
  ]);
});

it('refuses an operator that is a node, or no URI', async () => {
  const node = 'spiffe://example.org/group/edge/node/n1';
  expect(await faults({ flags: { config: 'c', operators: [node] } })).toEqual([
    `operators: ${node} is the identity of a node (a node never reads the status of others)`,
  ]);
  expect((await faults({ flags: { config: 'c', operators: ['alice'] } })).join()).toContain('expected a URI');
});
