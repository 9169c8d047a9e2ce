import { expect, onTestFinished, test } from 'vitest';
import { type EchoOptions, startEcho, type Upstream } from '../parts/http.ts';
import { freePort } from '../parts/ports.ts';
import { steadyRequests } from '../parts/requests.ts';
import { nameIn, startProxy, untilAnswered, type Variant } from './proxy.ts';
import { startReplica } from './replica.ts';
import { createWorkspace } from './workspace.ts';

async function echo(options: EchoOptions): Promise<Upstream> {
  const upstream = await startEcho(options);
  onTestFinished(() => upstream.stop());
  return upstream;
}

/** The smallest useful config, as the design writes it. */
const smallest = (listener: number, endpoint: number): string => `
services: { hello: { endpoints: ["127.0.0.1:${endpoint}"] } }
listeners: { web: { port: ${listener}, address: 127.0.0.1 } }
httpRoutes: { hello: { listeners: [web], rules: [ { backends: [ { service: hello } ] } ] } }
groups: { edge: { listeners: [web] } }
`;

test.each<Variant>(['delta', 'sotw'])(
  'a directory of YAML drives a real Envoy over %s; an edit shows within a second and fails no request',
  async (variant) => {
    const workspace = await createWorkspace();
    const [one, two] = [await echo({ name: 'one' }), await echo({ name: 'two' })];
    const listener = await freePort();
    await workspace.put('quickstart.yaml', smallest(listener, one.port));
    const replica = await startReplica(workspace);
    const envoy = await startProxy({ xds: [replica.xdsPort], variant });
    await envoy.ready();
    const url = `http://127.0.0.1:${listener}/`;
    await untilAnswered(url, (answer) => nameIn(answer) === 'one');
    const load = steadyRequests({ url, ratePerSecond: 200 });
    await workspace.put('quickstart.yaml', smallest(listener, two.port));
    const edited = performance.now();
    await untilAnswered(url, (answer) => nameIn(answer) === 'two');
    const took = performance.now() - edited;
    const seen = two.count();
    await untilAnswered(url, () => two.count() > seen + 20);
    expect(await load.stop()).toMatchObject({ failed: 0, errors: new Map() });
    expect(took).toBeLessThan(1_000);
    expect(await envoy.admin.stat('listener_manager.listener_modified')).toBe(0);
    const { nodes } = await replica.nodes();
    expect(nodes).toMatchObject([{ id: 'n1', group: 'edge', variant, inSync: true }]);
  },
);
