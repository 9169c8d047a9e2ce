import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Envoy } from '../parts/envoy.ts';
import { steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { hostsOf, startProxy, type Variant } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { addresses, type Sourced, startSourced } from './sourced.ts';
import { createWorkspace } from './workspace.ts';

interface Running extends Sourced {
  readonly replica: TestReplica;
  readonly envoy: Envoy;
  /** Waits until Envoy has exactly these. */
  hosts(ports: readonly number[]): Promise<void>;
  /** Ends the load; no request has failed. */
  noFailure(): Promise<void>;
}

async function start(
  variant: Variant,
  first: (ports: Sourced['ports']) => readonly number[],
): Promise<Running> {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  const ports = first(sourced.ports);
  await sourced.write(ports);
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort], variant });
  await envoy.ready();
  const hosts = async (wanted: readonly number[]): Promise<void> => {
    const expected = addresses(wanted).join();
    await until(`the endpoints ${expected}`, async () => (await hostsOf(envoy, 'web'))?.join() === expected);
  };
  await hosts(ports);
  const load = steadyRequests({ url: `http://127.0.0.1:${sourced.http}/`, ratePerSecond: 100 });
  onTestFinished(async () => void (await load.stop()));
  const noFailure = async (): Promise<void> => {
    const { failed, errors } = await load.stop();
    expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
  };
  return { ...sourced, replica, envoy, hosts, noFailure };
}

async function scopeOf(replica: TestReplica) {
  const [scope] = (await replica.status()).sources[0]?.scopes ?? [];
  return scope;
}

test.each<Variant>(['delta', 'sotw'])(
  'SRC13: edits, renames and files half written reach Envoy over %s as whole states alone',
  async (variant) => {
    const running = await start(variant, ([one]) => [one]);
    const { file, text, write, hosts, replica, envoy } = running;
    const [one, two, three] = running.ports;
    await write([one, two]);
    await hosts([one, two]);

    await writeFile(`${file}.new`, text([two, three]));
    await rename(`${file}.new`, file);
    await hosts([two, three]);

    const whole = text([one, two, three]);
    const updates = 'cluster.web.membership_change';
    const before = await envoy.admin.stat(updates);
    await writeFile(file, whole.slice(0, whole.length / 2));
    await appendFile(file, whole.slice(whole.length / 2));
    await hosts([one, two, three]);
    expect(await envoy.admin.stat(updates)).toBe((before ?? 0) + 1);

    await writeFile(file, whole.slice(0, 40));
    await until('the broken file in status', async () => (await scopeOf(replica))?.state === 'failing');
    expect((await scopeOf(replica))?.error).toContain('endpoints.yaml:1:');
    expect(await hostsOf(envoy, 'web')).toEqual(addresses([one, two, three]));
    await write([three]);
    await hosts([three]);
    expect(await scopeOf(replica)).toMatchObject({ state: 'ok', instances: 1 });
    expect(await envoy.admin.stat('listener_manager.listener_modified')).toBe(0);
    await running.noFailure();
  },
);

test.each<Variant>(['delta', 'sotw'])(
  'a file that vanishes is a held shrink: Envoy keeps the endpoints over %s, and status says so',
  async (variant) => {
    const running = await start(variant, (ports) => ports);
    const { file, ports, replica, envoy, write, hosts } = running;
    await rm(file);
    const scope = await until('the scope to fail', async () => {
      const found = await scopeOf(replica);
      return found?.state === 'failing' ? found : undefined;
    });
    expect(scope).toMatchObject({ instances: 3, error: expect.stringContaining('is gone') });
    expect(await hostsOf(envoy, 'web')).toEqual(addresses(ports));
    const [one] = ports;
    await write([one]);
    await hosts([one]);
    await running.noFailure();
  },
);

test('an edit of the file is at Envoy within a second', async () => {
  const running = await start('delta', ([one]) => [one]);
  const [one, two] = running.ports;
  const began = performance.now();
  await running.write([one, two]);
  await running.hosts([one, two]);
  expect(performance.now() - began).toBeLessThan(1_000);
  await running.noFailure();
});
