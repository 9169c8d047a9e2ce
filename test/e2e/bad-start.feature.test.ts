import { expect, test } from 'vitest';
import { freePort } from '../parts/ports.ts';
import { until } from '../parts/until.ts';
import { nameIn, startProxy, untilAnswered } from './proxy.ts';
import { runServe, serveFlags, startReplica } from './replica.ts';
import { startSourced } from './sourced.ts';
import { createWorkspace } from './workspace.ts';

test('an invalid config at start: the last good one is served, status and log say why, a mended one takes over', async () => {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  const [one, two] = sourced.ports;
  await sourced.write([one]);
  const first = await startReplica(workspace);
  await until('the first build', async () => (await first.status()).ready);
  const { revision } = (await first.status()).config;
  await first.stop();

  await workspace.put('fleet.yaml', 'listenerz: {}\nservices: { web: { endpoints: ["nowhere"] } }\n');
  const second = await startReplica(workspace);
  const envoy = await startProxy({ xds: [second.xdsPort] });
  await envoy.ready();
  await untilAnswered(`http://127.0.0.1:${sourced.http}/`, (answer) => nameIn(answer) === 'one');
  const { config } = await second.status();
  expect(config).toMatchObject({ restored: true, revision });
  expect(config.problems.length).toBeGreaterThanOrEqual(2);
  expect(config.problems[0]).toMatchObject({ line: 1, hint: expect.stringContaining('listeners') });
  expect(second.log()).toContain('the last good one runs on');

  await workspace.putConfig(sourced.config);
  await until('the mended config', async () => (await second.status()).config.problems.length === 0);
  expect((await second.status()).config.restored ?? false).toBe(false);
  await sourced.write([two]);
  await untilAnswered(`http://127.0.0.1:${sourced.http}/`, (answer) => nameIn(answer) === 'two');
});

test('an invalid config and no state: exit 1 with every problem', async () => {
  const workspace = await createWorkspace();
  await workspace.put('fleet.yaml', 'listenerz: {}\nservices: { web: { endpoints: ["nowhere"] } }\n');
  const [xds, api] = [await freePort(), await freePort()];
  const { code, output } = await runServe(serveFlags({ ...workspace, xds, api }));
  expect(code).toBe(1);
  expect(output).toContain('nothing is served');
  expect(output).toMatch(/fleet\.yaml:1:1.*listenerz/);
  expect(output).toMatch(/fleet\.yaml:2:\d+.*services\.web\.endpoints/);
  expect(output).not.toMatch(/^\s+at /m);
});

test('a port in use: exit 1, which port, and what to do', async () => {
  const workspace = await createWorkspace();
  await startSourced(workspace);
  const replica = await startReplica(workspace);
  const free = await freePort();
  const state = `${workspace.state}-other`;
  const xds = await runServe(serveFlags({ ...workspace, state, xds: replica.xdsPort, api: free }));
  expect(xds.code).toBe(1);
  expect(xds.output).toContain(`127.0.0.1:${replica.xdsPort} is in use`);
  expect(xds.output).toContain('--xds');
  const taken = Number(new URL(replica.api).port);
  const api = await runServe(serveFlags({ ...workspace, state, xds: free, api: taken }));
  expect(api.code).toBe(1);
  expect(api.output).toContain(`127.0.0.1:${taken} is in use`);
  expect(api.output).toContain('--api');
  expect(`${xds.output}${api.output}`).not.toMatch(/^\s+at /m);
});

test('a state directory that cannot be made: it serves, and says what a restart would cost', async () => {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  await sourced.write([sourced.ports[0]]);
  const state = `${workspace.path('fleet.yaml')}/state`;
  const replica = await startReplica({ config: workspace.config, state });
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  await untilAnswered(`http://127.0.0.1:${sourced.http}/`, (answer) => nameIn(answer) === 'one');
  const { state: shown } = await replica.status();
  expect(shown).toMatchObject({ path: state, ok: false });
  expect(shown.error).toMatch(/cannot write to the state directory.*traffic is unaffected/);
  expect(replica.log()).toContain('cannot write to the state directory');
});
