import { expect, onTestFinished, test } from 'vitest';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { freePort } from '../parts/ports.ts';
import { requestOnce, steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { rawClient } from '../xds/raw-client.ts';
import { DELTA } from '../xds/server/fixture.ts';
import { echo } from './parts.ts';
import { nameIn, startProxy, untilAnswered, type Variant } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

interface Two {
  readonly workspace: Workspace;
  readonly replica: TestReplica;
  readonly shared: number;
  readonly extra: number;
  /** The config with the node n1 in this group; `other` is a config that knows nothing of it. */
  put(group: 'edge' | 'inner' | 'other'): Promise<void>;
}

/** Group `edge` has the listener `shared`; `inner` has it too, and `extra` with another service. */
async function startTwo(): Promise<Two> {
  const workspace = await createWorkspace();
  const [one, two] = [await echo({ name: 'one' }), await echo({ name: 'two' })];
  const [shared, extra] = [await freePort(), await freePort()];
  const put: Two['put'] = (group) => {
    const match = (name: string): object => ({ match: { id: name === group ? 'n1' : 'nobody' } });
    const groups = {
      edge: { ...match('edge'), listeners: ['shared'] },
      inner: { ...match('inner'), listeners: ['shared', 'extra'] },
    };
    return workspace.putConfig({
      services: {
        one: { endpoints: [`127.0.0.1:${one.port}`] },
        two: { endpoints: [`127.0.0.1:${two.port}`] },
      },
      listeners: {
        shared: { port: shared, address: '127.0.0.1' },
        extra: { port: extra, address: '127.0.0.1' },
      },
      httpRoutes: {
        one: { listeners: ['shared'], rules: [{ backends: [{ service: 'one' }] }] },
        two: { listeners: ['extra'], rules: [{ backends: [{ service: 'two' }] }] },
      },
      groups: group === 'other' ? { other: { listeners: ['shared'] } } : groups,
    });
  };
  await put('edge');
  const replica = await startReplica(workspace);
  return { workspace, replica, shared, extra, put };
}

async function groupOf(replica: TestReplica): Promise<string | undefined> {
  return (await replica.nodes()).nodes[0]?.group;
}

test.each<Variant>(['delta', 'sotw'])(
  'a node that an edit puts into another group is moved on its live stream over %s and gets the difference',
  async (variant) => {
    const { replica, shared, extra, put } = await startTwo();
    const envoy = await startProxy({ xds: [replica.xdsPort], variant });
    await envoy.ready();
    const url = `http://127.0.0.1:${shared}/`;
    await untilAnswered(url, (answer) => nameIn(answer) === 'one');
    const load = steadyRequests({ url, ratePerSecond: 100 });
    onTestFinished(async () => void (await load.stop()));
    const [before] = (await replica.nodes()).nodes;
    await expect(requestOnce({ url: `http://127.0.0.1:${extra}/` })).rejects.toThrow('ECONNREFUSED');

    await put('inner');
    await untilAnswered(`http://127.0.0.1:${extra}/`, (answer) => nameIn(answer) === 'two');
    expect(await groupOf(replica)).toBe('inner');
    expect((await replica.nodes()).nodes[0]?.connectedSince).toBe(before?.connectedSince);
    expect(await envoy.admin.stat('listener_manager.listener_modified')).toBe(0);
    expect(await envoy.admin.stat('listener_manager.listener_added')).toBe(2);

    await put('edge');
    await until('it to be moved back', async () => (await groupOf(replica)) === 'edge');
    await until(
      'the listener to go',
      async () => (await envoy.admin.stat('listener_manager.total_listeners_active')) === 1,
      { timeoutMs: 20_000 },
    );
    const { failed, errors } = await load.stop();
    expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
    expect(await envoy.admin.stat('control_plane.connected_state')).toBe(1);
  },
);

test('only the difference between the groups is sent to a stream that moves', async () => {
  const { replica, put } = await startTwo();
  const client = rawClient(replica.xdsPort);
  onTestFinished(() => client.close());
  const stream = client.stream(DELTA);
  stream.send({ node: { id: 'n1', cluster: 'any' }, typeUrl: TYPE_URL.cluster });
  const first = await stream.next();
  expect(first.names).toEqual(['one']);
  stream.send({ typeUrl: TYPE_URL.cluster, responseNonce: first.nonce });
  await put('inner');
  const second = await stream.next();
  expect([second.names, second.removed]).toEqual([['two'], []]);
});

test.each<Variant>(['delta', 'sotw'])(
  'a node whose group vanished keeps what it has over %s, and a newcomer is told why it gets nothing',
  async (variant) => {
    const { replica, shared, put } = await startTwo();
    const envoy = await startProxy({ xds: [replica.xdsPort], variant });
    await envoy.ready();
    const url = `http://127.0.0.1:${shared}/`;
    await untilAnswered(url, (answer) => nameIn(answer) === 'one');
    const load = steadyRequests({ url, ratePerSecond: 100 });
    onTestFinished(async () => void (await load.stop()));
    const updates = await envoy.admin.stat('listener_manager.lds.update_success');
    await put('other');
    await until('the group to be gone', async () => {
      const { groups } = await replica.status();
      return groups.length === 1 && groups[0]?.name === 'other' && groups[0].revision > 0;
    });
    const client = rawClient(replica.xdsPort);
    onTestFinished(() => client.close());
    const stream = client.stream(DELTA);
    stream.send({ node: { id: 'n1', cluster: 'any' }, typeUrl: TYPE_URL.cluster });
    expect((await stream.status).details).toContain('matches no group');

    const seen = load.counts().ok;
    await until('more requests', () => load.counts().ok > seen + 20);
    const { failed, errors } = await load.stop();
    expect({ failed, errors: [...errors] }).toEqual({ failed: 0, errors: [] });
    expect(await envoy.admin.stat('listener_manager.lds.update_success')).toBe(updates);
    expect(await groupOf(replica)).toBe('edge');
  },
);
