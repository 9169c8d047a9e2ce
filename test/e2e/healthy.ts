import { expect, onTestFinished } from 'vitest';
import type { Envoy } from '../parts/envoy.ts';
import { freePort } from '../parts/ports.ts';
import { steadyRequests } from '../parts/requests.ts';
import { type RawClient, rawClient } from '../xds/raw-client.ts';
import { echo } from './parts.ts';
import { startProxy, untilAnswered, type Variant } from './proxy.ts';
import { startReplica, startReplicaChild, type TestReplica } from './replica.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

/** A replica with one healthy Envoy under steady requests: what bad input must not harm. */
export interface Healthy {
  readonly workspace: Workspace;
  readonly replica: TestReplica;
  readonly envoy: Envoy;
  readonly url: string;
  /** Puts a good config in place, marked by a header on every answer, and waits until Envoy has it. */
  edit(edition: string): Promise<void>;
  config(edition: string): object;
  /** A client of the node port that does as it is told. */
  raw(): RawClient;
  /** An edit still comes through, and no request has failed. */
  expectUnharmed(): Promise<void>;
}

export interface HealthyOptions {
  /** The replica is a process of its own. */
  readonly child?: boolean;
  readonly variant?: Variant;
  /** More entries of the config, by collection. */
  readonly more?: Readonly<Record<string, object>>;
}

export async function startHealthy({
  child = false,
  variant = 'delta',
  more = {},
}: HealthyOptions = {}): Promise<Healthy> {
  const workspace = await createWorkspace();
  const upstream = await echo({ name: 'one' });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const config = (edition: string): object => ({
    services: { web: { endpoints: [`127.0.0.1:${upstream.port}`] } },
    listeners: { web: { port, address: '127.0.0.1' }, ...more['listeners'] },
    httpRoutes: { all: route(edition), ...more['httpRoutes'] },
    groups: { edge: { listeners: ['web'] }, ...more['groups'] },
  });
  await workspace.putConfig(config('first'));
  const replica = child ? await startReplicaChild(workspace) : await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort], variant });
  await envoy.ready();
  const edit = async (edition: string): Promise<void> => {
    await workspace.putConfig(config(edition));
    await untilAnswered(url, ({ headers }) => headers['x-edition'] === edition);
  };
  await untilAnswered(url, ({ headers }) => headers['x-edition'] === 'first');
  const load = steadyRequests({ url, ratePerSecond: 100 });
  onTestFinished(async () => void (await load.stop()));
  const raw = (): RawClient => {
    const client = rawClient(replica.xdsPort);
    onTestFinished(() => client.close());
    return client;
  };
  const expectUnharmed = async (): Promise<void> => {
    await edit('unharmed');
    const { failed, errors, ok } = await load.stop();
    expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
    expect(ok).toBeGreaterThan(0);
  };
  return { workspace, replica, envoy, url, edit, config, raw, expectUnharmed };
}

function route(edition: string): object {
  return {
    listeners: ['web'],
    filters: [{ responseHeaderModifier: { set: [{ name: 'x-edition', value: edition }] } }],
    rules: [{ backends: [{ service: 'web' }] }],
  };
}
