import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runInProcess } from '../cli/in-process.ts';
import { until } from '../parts/until.ts';
import { startReplica } from './replica.ts';
import { startSourced } from './sourced.ts';
import { createWorkspace } from './workspace.ts';

async function start() {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  await sourced.write(sourced.ports);
  const replica = await startReplica(workspace);
  const run = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await runInProcess(...args, '--api', replica.api);
    expect(err).toBe('');
    expect(code).toBe(0);
    return out;
  };
  await until('three endpoints', async () => (await run('explain', 'service/web')).includes(': 3 endpoints'));
  /** The name of the one scope, as muster gives it. */
  const scope = (await replica.status()).sources[0]?.scopes[0]?.scope ?? '';
  return { ...sourced, workspace, replica, run, scope };
}

test('SRC2: a held shrink is shown everywhere, released by hand, and gone from what Envoy is given', async () => {
  const { file, replica, run, scope } = await start();
  await rm(file);
  await until('the alarm', async () => (await replica.status()).alarms.some(({ kind }) => kind === 'held'));

  const status = await run('status');
  expect(status).toMatch(/^ALARMS \(\d\)\n {2}held: legacy\//m);
  expect(status).toMatch(/to accept it: muster source release '?legacy\//);
  expect(await run('sources')).toMatch(/^legacy +file +\S+ +failing, held +3 +3 until \d\d:\d\d:\d\dZ /m);
  expect(await run('instances', '--source', 'legacy')).toMatch(/held: the source no longer names it$/m);
  expect(await replica.metrics()).toMatch(/^muster_source_scope_held\{source="legacy",scope="[^"]+"\} 3$/m);

  const release = ['source', 'release', `legacy/${scope}`];
  expect(await run(...release)).toBe(`legacy/${scope}: 3 instances are no longer served\n`);
  await until('no endpoint', async () => (await run('explain', 'service/web')).includes(': 0 endpoints'));
  await until('a snapshot without them', async () => {
    const { resources } = await replica.snapshot('edge');
    return !JSON.stringify(resources).includes('lbEndpoints');
  });
  expect((await replica.status()).alarms.filter(({ kind }) => kind === 'held')).toEqual([]);
  expect(await run(...release)).toContain('nothing is held there');
  const lines = replica
    .log()
    .split('\n')
    .filter((line) => line.includes('"action":"source release"'));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { source: 'legacy', scope, released: true, instances: 3, by: { address: '127.0.0.1' } },
    { source: 'legacy', scope, released: false, instances: 0 },
  ]);
});

test('explain and instances say where an endpoint comes from', async () => {
  const { ports, run } = await start();
  const explained = await run('explain', 'service/web');
  for (const port of ports)
    expect(explained).toMatch(new RegExp(`^127\\.0\\.0\\.1:${port} +\\[0\\] +legacy `, 'm'));
  expect(await run('instances', '--service', 'web')).toMatch(/^3 instances$/m);
});
