import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ConsulOptions, startConsul } from '../parts/consul.ts';
import { freePort } from '../parts/ports.ts';
import { requestOnce, steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { echo } from './parts.ts';
import { healthsOf, startProxy, untilAnswered } from './proxy.ts';
import { startReplica } from './replica.ts';
import { createWorkspace, untilStored, type Workspace } from './workspace.ts';

/** A real Consul, muster and a real Envoy whose service `web` is Consul's. */
async function start(options: ConsulOptions, more: object = {}, givenWorkspace?: Workspace) {
  const consul = await startConsul(options);
  onTestFinished(() => consul.stop());
  const workspace = givenWorkspace ?? (await createWorkspace());
  const http = await freePort();
  const tls = consul.https === '' ? {} : { tls: { ca: consul.ca } };
  const address = consul.https === '' ? consul.http : consul.https;
  await workspace.putConfig({
    sources: { dc: { consul: { address, ...tls, ...more }, allowAddresses: ['loopback'] } },
    services: { web: { from: [{ source: 'dc', service: 'web' }] } },
    secrets: { 'consul-token': { value: { path: join(workspace.dir, 'token') } } },
    listeners: { web: { port: http, address: '127.0.0.1' } },
    httpRoutes: { web: { listeners: ['web'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { edge: { listeners: ['web'] } },
  });
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  const shows = async (...wanted: readonly string[]): Promise<void> => {
    const text = wanted
      .map((one) => `127.0.0.1:${one}`)
      .toSorted()
      .join();
    await until(`the endpoints ${text}`, async () => (await healthsOf(envoy, 'web')).join() === text, {
      timeoutMs: 20_000,
    });
  };
  const scopes = async () => (await replica.status()).sources[0]?.scopes ?? [];
  return { consul, workspace, replica, envoy, http, shows, scopes };
}

test.each([
  ['HTTPS, one blocking query a service', { tls: true }],
  ['plain HTTP', {}],
])('Envoy follows registration, health, maintenance and deregistration over %s', async (_, options) => {
  const [one, two] = [(await echo({ name: 'one' })).port, (await echo({ name: 'two' })).port];
  const { consul, envoy, http, shows } = await start(options);
  await consul.registerTtl({ name: 'web', id: 'w1', port: one });
  await consul.ttl('w1', 'pass');
  await shows(`${one} HEALTHY`);
  const load = steadyRequests({ url: `http://127.0.0.1:${http}/`, ratePerSecond: 50 });
  onTestFinished(async () => void (await load.stop()));

  await consul.registerTtl({ name: 'web', id: 'w2', port: two });
  await shows(`${one} HEALTHY`, `${two} UNHEALTHY`);
  await consul.ttl('w2', 'pass');
  await shows(`${one} HEALTHY`, `${two} HEALTHY`);
  await consul.ttl('w2', 'warn');
  await shows(`${one} HEALTHY`, `${two} DEGRADED`);
  await consul.ttl('w2', 'pass');
  await consul.maintenance('w2', true);
  await shows(`${one} HEALTHY`, `${two} DRAINING`);
  await consul.maintenance('w2', false);
  await shows(`${one} HEALTHY`, `${two} HEALTHY`);
  await consul.deregisterTtl('w1');
  await shows(`${two} HEALTHY`);
  const { failed, errors } = await load.stop();
  expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });

  // A team that deregisters all of a service has said so: nothing is held.
  await consul.deregisterTtl('w2');
  await until('no endpoint', async () => (await healthsOf(envoy, 'web')).length === 0);
  // Envoy's workers learn of it a moment after its own list.
  await untilAnswered(`http://127.0.0.1:${http}/`, ({ status }) => status === 503);
});

test('FAULT5, FAULT8: a Consul that dies and comes back empty takes no endpoint away; status and log say why', async () => {
  const { port } = await echo({ name: 'one' });
  const { consul, envoy, shows, scopes, replica, http } = await start({});
  await consul.registerTtl({ name: 'web', id: 'w1', port });
  await consul.ttl('w1', 'pass');
  await shows(`${port} HEALTHY`);
  const load = steadyRequests({ url: `http://127.0.0.1:${http}/`, ratePerSecond: 50 });
  onTestFinished(async () => void (await load.stop()));
  await consul.end('hard');
  await until('the failure in status', async () => (await scopes()).some(({ state }) => state === 'failing'));
  expect(await healthsOf(envoy, 'web')).toEqual([`127.0.0.1:${port} HEALTHY`]);

  await consul.begin();
  await shows(`${port} DEGRADED`);
  const held = await until('the hold', async () => (await scopes()).find(({ held: count }) => count === 1));
  expect(held).toMatchObject({ scope: 'local/web', state: 'held', instances: 1 });
  await until('the alarm', () => replica.log().includes('most of a scope is gone without a reason'));

  await consul.registerTtl({ name: 'web', id: 'w1', port });
  await consul.ttl('w1', 'pass');
  await shows(`${port} HEALTHY`);
  const { failed, errors } = await load.stop();
  expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
});

test('ACLs: a token by secret reference; one that comes late or is changed is used at once, and is nowhere to be read', async () => {
  const { port } = await echo({ name: 'one' });
  const workspace = await createWorkspace();
  const token = join(workspace.dir, 'token');
  await writeFile(token, '00000000-0000-0000-0000-00000000dead');
  const started = await start({ acl: true, tls: true }, { token: { secret: 'consul-token' } }, workspace);
  const { consul, shows, scopes, replica } = started;
  await consul.registerTtl({ name: 'web', id: 'w1', port });
  await consul.ttl('w1', 'pass');
  const refused = await until('the refusal in status', async () =>
    (await scopes()).find(({ error }) => error?.includes('403') === true),
  );
  expect(refused.error).toContain('service:read');
  const good = await consul.makeToken(
    'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
  );
  await writeFile(token, good);
  await shows(`${port} HEALTHY`);
  await until('all to be well', async () => (await scopes()).every(({ state }) => state === 'ok'));
  const written = [replica.log(), JSON.stringify(await replica.status()), await replica.metrics()].join('\n');
  expect(written).not.toContain(good);
  expect(written).not.toContain('00000000dead');
});

test('FAULT5: a token that is taken its rights empties nothing: what it no longer shows is not gone', async () => {
  const { port } = await echo({ name: 'one' });
  const workspace = await createWorkspace();
  // A question with a token that sees nothing is held back to its end: a short one here.
  const more = { token: { file: join(workspace.dir, 'token') }, wait: '1s' };
  const started = await start({ acl: true }, more, workspace);
  const { consul, shows, scopes, envoy } = started;
  const rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
  const token = await consul.makeToken(rules);
  await writeFile(join(workspace.dir, 'token'), token);
  await consul.registerTtl({ name: 'web', id: 'w1', port });
  await consul.ttl('w1', 'pass');
  await shows(`${port} HEALTHY`);
  await writeFile(join(workspace.dir, 'token'), await consul.makeToken('key_prefix "" { policy = "read" }'));
  await consul.ttl('w1', 'warn');
  await until('the failure', async () => (await scopes()).some(({ error }) => error !== undefined));
  expect(await healthsOf(envoy, 'web')).toHaveLength(1);
  await writeFile(join(workspace.dir, 'token'), token);
  await shows(`${port} DEGRADED`);
});

test('SRC4: with Consul down at the start, the last good is served and marked with its age; with Consul back it follows', async () => {
  const { port } = await echo({ name: 'one' });
  const first = await start({});
  const { consul, workspace } = first;
  await consul.registerTtl({ name: 'web', id: 'w1', port });
  await consul.ttl('w1', 'pass');
  await first.shows(`${port} HEALTHY`);
  await untilStored(workspace, 1);
  await first.replica.stop();
  await consul.end('hard');

  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort], id: 'n2' });
  await envoy.ready();
  await until(
    'the last good',
    async () => (await healthsOf(envoy, 'web')).join() === `127.0.0.1:${port} HEALTHY`,
  );
  const sources = async () => JSON.parse((await requestOnce({ url: `${replica.api}/v1/sources` })).body);
  await until('it to be marked', async () => /"restored":true/.test(JSON.stringify(await sources())));
  expect(JSON.stringify(await sources())).toContain('"instances":1');
  expect((await replica.status()).sources[0]?.scopes.some(({ state }) => state === 'failing')).toBe(true);

  await consul.begin();
  await consul.registerTtl({ name: 'web', id: 'w1', port });
  await consul.ttl('w1', 'warn');
  await until(
    'the new state',
    async () => (await healthsOf(envoy, 'web')).join() === `127.0.0.1:${port} DEGRADED`,
    {
      timeoutMs: 20_000,
    },
  );
});
