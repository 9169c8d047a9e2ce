import { onTestFinished, test } from 'vitest';
import { useTestCredentials } from '../discovery/ec2/source.ts';
import { ec2World } from '../discovery/ec2/world.ts';
import { startMoto } from '../parts/moto.ts';
import { freePort } from '../parts/ports.ts';
import { until } from '../parts/until.ts';
import { hostsOf, startProxy } from './proxy.ts';
import { startReplica } from './replica.ts';
import { createWorkspace } from './workspace.ts';

test("SRC10: Envoy's endpoints follow an instance's start, tag change, stop and termination", async () => {
  useTestCredentials();
  const moto = await startMoto();
  onTestFinished(() => moto.stop());
  const world = ec2World(moto.url);
  onTestFinished(() => world.close());
  const workspace = await createWorkspace();
  await workspace.putConfig({
    sources: { vms: { ec2: { regions: ['eu-west-1'], endpoint: moto.url, interval: '5s' } } },
    services: {
      web: {
        from: [
          { source: 'vms', where: { 'ec2.tag.app': 'web' }, port: { label: 'ec2.tag.port', default: 8080 } },
        ],
      },
    },
    listeners: { plain: { port: await freePort(), address: '127.0.0.1' } },
    httpRoutes: { all: { listeners: ['plain'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { edge: { listeners: ['plain'] } },
  });
  const first = await world.run({ app: 'web' });
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  const hosts = (...wanted: readonly string[]) =>
    until(
      `the endpoints ${wanted.join()}`,
      async () => (await hostsOf(envoy, 'web'))?.join() === wanted.toSorted().join(),
      { timeoutMs: 20_000 },
    );
  await hosts(`${first.address}:8080`);

  const second = await world.run({ app: 'web', port: '9090' });
  await hosts(`${first.address}:8080`, `${second.address}:9090`);

  await world.tag(second.id, { port: '9191' });
  await hosts(`${first.address}:8080`, `${second.address}:9191`);

  await world.stop(second.id);
  await hosts(`${first.address}:8080`);

  await world.start(second.id);
  await hosts(`${first.address}:8080`, `${second.address}:9191`);

  await world.tag(second.id, { app: 'other' });
  await hosts(`${first.address}:8080`);

  await world.terminate(first.id);
  await hosts();
}, 120_000);
