import { expect, onTestFinished, test } from 'vitest';
import { openGrpcEcho } from '../parts/grpc.ts';
import { steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { openWebSocket } from '../parts/websocket.ts';
import { hostsOf, nameIn, startProxy, untilAnswered } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { startShop } from './shop.ts';
import { createWorkspace } from './workspace.ts';

const LINGER_MS = 60_000;

// Both Envoys listen on the same port (SO_REUSEPORT): requests go to either.
test(
  'a removed service stays at each Envoy for a minute, then leaves it, and fails and breaks nothing',
  async () => {
    const workspace = await createWorkspace();
    const shop = await startShop(workspace);
    const { one, two, http } = shop;
    const edit = (to: Parameters<typeof shop.config>[0]): Promise<void> =>
      workspace.putConfig(shop.config(to));
    await edit({ services: { web: [one], old: [two] }, routes: { '/': 'web', '/old': 'old' } });
    const replica = await startReplica(workspace);
    const envoys = [
      await startProxy({ xds: [replica.xdsPort], id: 'n1', variant: 'delta' }),
      await startProxy({ xds: [replica.xdsPort], id: 'n2', variant: 'sotw' }),
    ];
    for (const envoy of envoys) await envoy.ready();
    const old = (): Promise<readonly (number | undefined)[]> =>
      Promise.all(envoys.map(async (envoy) => (await hostsOf(envoy, 'old'))?.length));
    const url = `http://127.0.0.1:${http}`;
    await untilAnswered(`${url}/old`, (answer) => nameIn(answer) === 'two');
    const load = steadyRequests({ url: `${url}/old`, ratePerSecond: 50 });
    onTestFinished(async () => void (await load.stop()));
    const socket = await openWebSocket(`ws://127.0.0.1:${http}/socket`);
    const calls = openGrpcEcho({ port: http });

    const before = (await replica.snapshot('edge')).revision;
    await edit({ services: { web: [one] }, routes: { '/': 'web' }, edition: 'removed' });
    const removed = performance.now();
    await untilSynced(replica, before);
    expect(await old()).toEqual([1, 1]);
    await until('the cluster to leave', async () => (await old()).every((hosts) => hosts === undefined), {
      timeoutMs: LINGER_MS + 20_000,
      everyMs: 250,
    });
    expect(performance.now() - removed).toBeGreaterThan(LINGER_MS);
    await untilAnswered(`${url}/old`, (answer) => nameIn(answer) === 'one');
    const { failed, errors } = await load.stop();
    expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
    expect([await socket.echo('still'), await calls.echo('here')]).toEqual(['still', 'here']);
    expect([socket.broken(), calls.broken()]).toEqual([undefined, undefined]);
    await socket.close();
    await calls.close();
  },
  LINGER_MS * 2,
);

/** Both nodes run what was built after `revision`. */
async function untilSynced(replica: TestReplica, revision: number): Promise<void> {
  await until('both nodes to be in sync', async () => {
    const [group] = (await replica.status()).groups;
    return group !== undefined && group.revision > revision && group.inSync === 2;
  });
}
