import { rm, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Envoy } from '../parts/envoy.ts';
import { freePort } from '../parts/ports.ts';
import { type SteadyRequests, steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { certificateOf, derOf } from './parts.ts';
import { hostsOf, startProxy, type Variant } from './proxy.ts';
import { startReplica, startReplicaChild, type TestReplica } from './replica.ts';
import { addresses, HOST, type Sourced, startSourced } from './sourced.ts';
import { createWorkspace, untilStored } from './workspace.ts';

function loadOn({ http, https, pair }: Sourced): readonly SteadyRequests[] {
  const load = [
    steadyRequests({ url: `http://127.0.0.1:${http}/`, ratePerSecond: 100 }),
    steadyRequests({
      url: `https://127.0.0.1:${https}/`,
      ca: pair.ca,
      servername: HOST,
      ratePerSecond: 30,
      freshConnections: true,
    }),
  ];
  onTestFinished(async () => void (await Promise.all(load.map((one) => one.stop()))));
  return load;
}

async function expectNoFailure(load: readonly SteadyRequests[]): Promise<void> {
  const results = await Promise.all(load.map((one) => one.stop()));
  expect(results.map(({ failed, errors }) => ({ failed, errors: [...errors] }))).toEqual(
    results.map(() => ({ failed: 0, errors: [] })),
  );
  for (const { ok } of results) expect(ok).toBeGreaterThan(0);
}

async function untilHosts(envoy: Envoy, ports: readonly number[]): Promise<void> {
  const wanted = addresses(ports).join();
  await until(`the endpoints ${wanted}`, async () => (await hostsOf(envoy, 'web'))?.join() === wanted);
}

async function untilMore(load: readonly SteadyRequests[]): Promise<void> {
  const before = load.map((requests) => requests.counts().ok);
  await until('more requests', () =>
    load.every((requests, at) => requests.counts().ok > (before[at] ?? 0) + 20),
  );
}

/** The node has answered everything that the replica sent. */
async function untilSettled(replica: TestReplica): Promise<void> {
  await until(
    'the node to settle',
    async () => {
      const { nodes } = await replica.nodes();
      return nodes.length > 0 && nodes.every(({ inSync, types }) => inSync && types.length >= 4);
    },
    { timeoutMs: 15_000 },
  );
}

const BREAK = {
  broken: (file: string) => writeFile(file, 'instances: [ {'),
  missing: (file: string) => rm(file),
} as const;

test.each(['broken', 'missing'] as const)(
  'P8: after a crash and with its source file %s, a replica serves the last good within 5 s',
  async (how) => {
    const workspace = await createWorkspace();
    const sourced = await startSourced(workspace);
    const [one, two] = sourced.ports;
    await sourced.write([one, two]);
    const xdsPort = await freePort();
    const first = await startReplicaChild(workspace, { xdsPort });
    const envoy = await startProxy({ xds: [xdsPort] });
    await envoy.ready();
    await untilHosts(envoy, [one, two]);
    const load = loadOn(sourced);
    await untilStored(workspace, 1);
    const revision = (await first.snapshot('edge')).revision;
    await first.kill();
    await BREAK[how](sourced.file);

    const started = performance.now();
    const second = await startReplica(workspace, { xdsPort });
    const fresh = await startProxy({ xds: [xdsPort], id: 'n2' });
    await until('a new Envoy to be served', async () => (await hostsOf(fresh, 'web'))?.length === 2);
    expect(performance.now() - started).toBeLessThan(5_000);
    await untilSettled(second);
    await untilHosts(envoy, [one, two]);
    expect((await second.snapshot('edge')).revision).toBeGreaterThanOrEqual(revision);
    const { sources } = await second.status();
    expect(sources[0]?.scopes).toMatchObject([{ state: 'failing', error: expect.any(String) }]);

    await sourced.write([one]);
    await untilHosts(envoy, [one]);
    await untilHosts(fresh, [one]);
    await untilMore(load);
    await expectNoFailure(load);
  },
);

test.each<Variant>(['delta', 'sotw'])(
  'a replica without state, whose source is broken, takes no endpoint from an Envoy over %s',
  async (variant) => {
    const workspace = await createWorkspace();
    const sourced = await startSourced(workspace);
    const [one, two] = sourced.ports;
    await sourced.write([one, two]);
    const xdsPort = await freePort();
    const first = await startReplica(workspace, { xdsPort });
    const envoy = await startProxy({ xds: [xdsPort], variant });
    await envoy.ready();
    await untilHosts(envoy, [one, two]);
    const load = loadOn(sourced);
    await first.stop();
    await BREAK.broken(sourced.file);

    const empty = { config: workspace.config, state: `${workspace.state}-empty` };
    const second = await startReplica(empty, { xdsPort });
    await untilSettled(second);
    await untilMore(load);
    expect(await hostsOf(envoy, 'web')).toEqual(addresses([one, two]));
    await sourced.write([two]);
    await untilHosts(envoy, [two]);
    await expectNoFailure(load);
  },
);

test.each<Variant>(['delta', 'sotw'])(
  'a replica whose certificate files are gone at start takes no certificate from an Envoy over %s',
  async (variant) => {
    const workspace = await createWorkspace();
    const sourced = await startSourced(workspace);
    const [one] = sourced.ports;
    await sourced.write([one]);
    const xdsPort = await freePort();
    const first = await startReplica(workspace, { xdsPort });
    const envoy = await startProxy({ xds: [xdsPort], variant });
    await envoy.ready();
    const load = loadOn(sourced);
    await untilSettled(first);
    await first.stop();
    const { certificate, privateKey } = sourced.pair;
    await Promise.all([rm(certificate), rm(privateKey)]);

    const second = await startReplica(workspace, { xdsPort });
    await untilSettled(second);
    await untilMore(load);
    expect((await second.status()).secrets).toMatchObject([{ state: 'absent' }]);
    const rotated = derOf((await sourced.pair.rotate()).chain);
    const shown = { port: sourced.https, servername: HOST, ca: sourced.pair.ca };
    await until('the new certificate', async () => (await certificateOf(shown)) === rotated);
    await expectNoFailure(load);
  },
);
