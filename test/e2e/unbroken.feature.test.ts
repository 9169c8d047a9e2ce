import { expect, onTestFinished, test } from 'vitest';
import type { Envoy } from '../parts/envoy.ts';
import { openGrpcEcho } from '../parts/grpc.ts';
import { freePort } from '../parts/ports.ts';
import { type Answer, requestOnce, type SteadyRequests, steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { type HeldStream, openWebSocket } from '../parts/websocket.ts';
import { certificateOf, derOf } from './parts.ts';
import { nameIn, startProxy, untilAnswered, type Variant } from './proxy.ts';
import { type ReplicaChild, startReplicaChild } from './replica.ts';
import { HOST, type Shop, startShop } from './shop.ts';
import { createWorkspace } from './workspace.ts';

/** Steady requests over HTTP and HTTPS, on kept and on fresh connections, and two held streams. */
interface Load {
  readonly requests: readonly SteadyRequests[];
  readonly socket: HeldStream;
  readonly calls: HeldStream;
}

async function startLoad({ http, https, pair }: Shop): Promise<Load> {
  const tls = { url: `https://127.0.0.1:${https}/`, ca: pair.ca, servername: HOST };
  const requests = [
    steadyRequests({ url: `http://127.0.0.1:${http}/`, ratePerSecond: 100 }),
    steadyRequests({ ...tls, ratePerSecond: 50 }),
    steadyRequests({ ...tls, ratePerSecond: 20, freshConnections: true }),
  ];
  onTestFinished(async () => {
    await Promise.all(requests.map((load) => load.stop()));
  });
  const socket = await openWebSocket(`ws://127.0.0.1:${http}/socket`);
  const calls = openGrpcEcho({ port: http });
  return { requests, socket, calls };
}

/** Every stream answers still, and every kind of request has gone on since. */
async function goesOn({ requests, socket, calls }: Load, step: string): Promise<void> {
  expect(await socket.echo(step)).toBe(step);
  expect(await calls.echo(step)).toBe(step);
  const before = requests.map((load) => load.counts().ok);
  await until('more requests to be answered', () =>
    requests.every((load, at) => load.counts().ok > (before[at] ?? 0) + 5),
  );
  expect(requests.map((load) => [...load.counts().errors])).toEqual(requests.map(() => []));
}

async function connectedTo(
  replicas: readonly ReplicaChild[],
): Promise<readonly [ReplicaChild, ReplicaChild]> {
  const [one, two] = replicas;
  if (one === undefined || two === undefined) throw new Error('two replicas are needed');
  const first = (await one.nodes()).nodes.length > 0;
  return first ? [one, two] : [two, one];
}

function edition(wanted: string, name: string): (answer: Answer) => boolean {
  return (answer) => answer.headers['x-edition'] === wanted && nameIn(answer) === name;
}

async function modified(envoy: Envoy): Promise<unknown> {
  const names = ['listener_modified', 'listener_added', 'listener_create_failure'];
  return Promise.all(names.map((name) => envoy.admin.stat(`listener_manager.${name}`)));
}

test.each<Variant>(['delta', 'sotw'])(
  'edits of routes and services, a rotated certificate and a lost replica over %s: nothing fails, nothing breaks',
  async (variant) => {
    const workspace = await createWorkspace();
    const shop = await startShop(workspace);
    const { one, two, pair } = shop;
    const edit = (to: Parameters<Shop['config']>[0]): Promise<void> => workspace.putConfig(shop.config(to));
    const url = `http://127.0.0.1:${shop.http}`;
    await edit({ services: { web: [one] }, routes: { '/': 'web' } });
    const ports = [await freePort(), await freePort()];
    const replicas = await Promise.all(
      ports.map((xdsPort, index) =>
        startReplicaChild({ config: workspace.config, state: `${workspace.state}-${index}` }, { xdsPort }),
      ),
    );
    const envoy = await startProxy({ xds: ports, variant });
    await envoy.ready();
    await untilAnswered(url, edition('first', 'one'));
    const load = await startLoad(shop);
    await goesOn(load, 'before');

    await edit({ services: { web: [one] }, routes: { '/': 'web', '/x': 'web' }, edition: 'routes' });
    await untilAnswered(url, edition('routes', 'one'));
    await goesOn(load, 'routes edited');

    await edit({
      services: { web: [one], more: [two] },
      routes: { '/': 'web', '/more': 'more' },
      edition: 'added',
    });
    await untilAnswered(`${url}/more`, edition('added', 'two'));
    await goesOn(load, 'service added');

    await edit({
      services: { shop: [one], more: [two] },
      routes: { '/': 'shop', '/more': 'more' },
      edition: 'renamed',
    });
    await untilAnswered(url, edition('renamed', 'one'));
    await goesOn(load, 'service renamed');

    await edit({ services: { shop: [one, two] }, routes: { '/': 'shop' }, edition: 'removed' });
    await untilAnswered(`${url}/more`, (answer) => answer.headers['x-edition'] === 'removed');
    await untilAnswered(url, edition('removed', 'two'));
    await goesOn(load, 'service removed and endpoint added');

    const before = await requestOnce({ url });
    expect(before.status).toBe(200);
    const [gone, other] = await connectedTo(replicas);
    const edited = edit({
      services: { shop: [two], late: [one] },
      routes: { '/': 'late' },
      edition: 'moved',
    });
    await Promise.all([edited, gone.kill()]);
    await untilAnswered(url, edition('moved', 'one'), 15_000);
    expect((await other.nodes()).nodes).toMatchObject([{ id: 'n1', group: 'edge', variant }]);
    await goesOn(load, 'replica changed');

    const rotated = derOf((await pair.rotate()).chain);
    const shown = { port: shop.https, servername: HOST, ca: pair.ca };
    await until(
      'new connections to see the new certificate',
      async () => (await certificateOf(shown)) === rotated,
    );
    await goesOn(load, 'certificate rotated');

    const results = await Promise.all(load.requests.map((requests) => requests.stop()));
    expect(results.map(({ failed, errors }) => ({ failed, errors: [...errors] }))).toEqual(
      results.map(() => ({ failed: 0, errors: [] })),
    );
    expect([load.socket.broken(), load.calls.broken()]).toEqual([undefined, undefined]);
    expect(await modified(envoy)).toEqual([0, 2, 0]);
    await load.socket.close();
    await load.calls.close();
  },
  90_000,
);
