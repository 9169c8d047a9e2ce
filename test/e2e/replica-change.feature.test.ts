import { expect, onTestFinished, test } from 'vitest';
import type { Envoy } from '../parts/envoy.ts';
import { freePort } from '../parts/ports.ts';
import { type SteadyRequests, steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { hostsOf, nameIn, startProxy, untilAnswered, type Variant } from './proxy.ts';
import { startReplica } from './replica.ts';
import { type Shop, startShop } from './shop.ts';
import { createWorkspace, untilStored, type Workspace } from './workspace.ts';

interface Before {
  readonly workspace: Workspace;
  readonly shop: Shop;
  readonly url: string;
  readonly xdsPort: number;
  readonly envoy: Envoy;
  readonly load: SteadyRequests;
}

/** An Envoy that had its first config from a replica that is gone now; meanwhile the service was renamed. */
async function renamedMeanwhile(variant: Variant): Promise<Before> {
  const workspace = await createWorkspace();
  const shop = await startShop(workspace);
  const url = `http://127.0.0.1:${shop.http}/`;
  await workspace.putConfig(shop.config({ services: { web: [shop.one] }, routes: { '/': 'web' } }));
  const xdsPort = await freePort();
  const replica = await startReplica(workspace, { xdsPort });
  const envoy = await startProxy({ xds: [xdsPort], variant });
  await envoy.ready();
  await untilAnswered(url, (answer) => nameIn(answer) === 'one');
  const load = steadyRequests({ url, ratePerSecond: 200 });
  onTestFinished(async () => void (await load.stop()));
  await untilStored(workspace, 0);
  await replica.stop();
  await workspace.putConfig(
    shop.config({ services: { late: [shop.two] }, routes: { '/': 'late' }, edition: 'late' }),
  );
  return { workspace, shop, url, xdsPort, envoy, load };
}

async function expectNoFailure(load: SteadyRequests): Promise<void> {
  const { failed, errors } = await load.stop();
  expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
}

test.each<Variant>(['delta', 'sotw'])(
  'O6: a replica restarted over an edit that renames a service fails no request over %s',
  async (variant) => {
    const { workspace, xdsPort, url, envoy, load } = await renamedMeanwhile(variant);
    const second = await startReplica(workspace, { xdsPort });
    await untilAnswered(url, ({ headers }) => headers['x-edition'] === 'late', 15_000);
    await until('the node to be in sync', async () => (await second.nodes()).nodes[0]?.inSync);
    expect(await hostsOf(envoy, 'web')).toHaveLength(1); // it lingers
    await expectNoFailure(load);
  },
);

// Delta alone: a SotW CDS response is the whole list, and the bytes of a cluster that this replica never knew cannot be in it.
test('D3: a replica that starts from nothing over an edit that renames a service fails no request over delta', async () => {
  const { workspace, xdsPort, url, envoy, load } = await renamedMeanwhile('delta');
  const fresh = { config: workspace.config, state: `${workspace.state}-fresh` };
  const second = await startReplica(fresh, { xdsPort });
  await untilAnswered(url, ({ headers }) => headers['x-edition'] === 'late', 15_000);
  await until('the node to be in sync', async () => (await second.nodes()).nodes[0]?.inSync);
  await until('the old cluster to go', async () => (await hostsOf(envoy, 'web')) === undefined, {
    timeoutMs: 20_000,
  });
  await expectNoFailure(load);
});
