import {
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type Moto, startMoto } from '../../parts/moto.ts';
import { until } from '../../parts/until.ts';
import { isComplete, isFailure, testSource } from '../suite.ts';
import { type Ec2Proxy, ec2Error, startEc2Proxy } from './proxy.ts';
import { ec2At, holds, idsIn, useTestCredentials, watchEc2 } from './source.ts';
import { type Ec2World, ec2World } from './world.ts';

let moto: Moto;
let proxy: Ec2Proxy;
let world: Ec2World;
beforeAll(async () => {
  useTestCredentials();
  moto = await startMoto();
  proxy = await startEc2Proxy(moto.url);
  world = ec2World(moto.url);
}, 120_000);
afterAll(async () => {
  world?.close();
  await proxy?.stop();
  await moto?.stop();
});
beforeEach(async () => {
  await moto.reset();
  proxy.calls.length = 0;
  proxy.answer = () => undefined;
  proxy.rewrite = (body) => body;
  proxy.rewriteRequest = (body) => body;
});

testSource('ec2', async () => {
  await moto.reset();
  const started = [await world.run(), await world.run()];
  // The suite counts what is open: what the operator's calls opened is no part of it.
  await until(
    'the calls to moto to be closed',
    () => !process.getActiveResourcesInfo().includes('TCPSocketWrap'),
  );
  return {
    source: ec2At(proxy.url),
    addresses: started.map(({ address }) => address).sort(),
    break: async () => {
      proxy.answer = () => ec2Error(403, 'UnauthorizedOperation', 'You are not authorized.');
    },
    mend: async () => {
      proxy.answer = () => undefined;
    },
    close: async () => undefined,
  };
});

test('SRC9: pages as EC2 makes them: all are in the first report', async () => {
  const started = [await world.run(), await world.run(), await world.run()];
  proxy.rewriteRequest = (body) => body.replace('MaxResults=1000', 'MaxResults=5');
  for (let at = 0; at < 4; at += 1) started.push(await world.run());
  const { instances } = await watchEc2(proxy.url).next(isComplete);
  expect(instances.map(({ id }) => id)).toEqual(started.map(({ id }) => id).sort());
  expect(proxy.calls).toHaveLength(2);
});

test('SRC10: an instance that is started, drains, stops, starts again and ends', async () => {
  const [kept, one] = [await world.run(), await world.run()];
  const watching = watchEc2(proxy.url);
  await watching.next(holds(one.id, 'HEALTHY'));

  proxy.rewrite = (body) => stateOf(body, one.id, 'stopping');
  await watching.next(holds(one.id, 'DRAINING'));

  proxy.rewrite = (body) => body;
  await world.stop(one.id);
  const stopped = await watching.next(isComplete);
  expect([idsIn(stopped), stopped.terminated]).toEqual([[kept.id], [one.id]]);

  await world.start(one.id);
  proxy.rewrite = (body) => stateOf(body, one.id, 'pending');
  await watching.next(({ kind }) => kind === 'unchanged');
  proxy.rewrite = (body) => stateOf(body, one.id, 'running');
  await watching.next(holds(one.id, 'HEALTHY'));

  proxy.rewrite = (body) => stateOf(body, one.id, 'shutting-down');
  await watching.next(holds(one.id, 'DRAINING'));
  proxy.rewrite = (body) => body;
  await world.terminate(one.id);
  const ended = await watching.next(isComplete);
  expect([idsIn(ended), ended.terminated]).toEqual([[kept.id], [one.id]]);
}, 90_000);

test('SRC11: a second interface by its index, its subnet and its tag', async () => {
  const { Subnets } = await world.client.send(new DescribeSubnetsCommand({}));
  const SubnetId = Subnets?.[1]?.SubnetId;
  const one = await world.run();
  const { NetworkInterface } = await world.client.send(
    new CreateNetworkInterfaceCommand({ SubnetId, PrivateIpAddress: undefined }),
  );
  const NetworkInterfaceId = NetworkInterface?.NetworkInterfaceId;
  await world.client.send(
    new AttachNetworkInterfaceCommand({ DeviceIndex: 1, InstanceId: one.id, NetworkInterfaceId }),
  );
  await world.tag(NetworkInterfaceId ?? '', { role: 'service' });
  const choices = [{ index: 1 }, { subnet: SubnetId }, { tag: { key: 'role', value: 'service' } }];
  for (const eni of choices) {
    const { instances } = await watchEc2(proxy.url, { address: { eni } }).next(isComplete);
    expect(instances.map(({ address }) => address)).toEqual([NetworkInterface?.PrivateIpAddress]);
  }
  const none = watchEc2(proxy.url, { address: { eni: { tag: { key: 'role', value: 'other' } } } });
  expect((await none.next(isComplete)).instances.map(({ address }) => address)).toEqual(['']);
});

test('SRC11: public addresses; the filters are asked of EC2', async () => {
  const one = await world.run({ app: 'web' });
  await world.run({ app: 'other' });
  const watching = watchEc2(proxy.url, { address: 'publicIpv4', filters: { 'tag:app': 'web' } });
  const { instances } = await watching.next(isComplete);
  expect(instances.map(({ id }) => id)).toEqual([one.id]);
  expect(instances[0]?.address).toBe(instances[0]?.labels['ec2.publicIp']);
});

test('several regions and accounts: a scope each', async () => {
  const far = ec2World(moto.url, 'us-east-1');
  onTestFinished(() => far.close());
  const [here, there] = [await world.run(), await far.run()];
  const roleArn = 'arn:aws:iam::111122223333:role/muster';
  const watching = watchEc2(proxy.url, {
    regions: ['eu-west-1', 'us-east-1'],
    accounts: [{}, { assumeRole: { roleArn } }],
  });
  const reports = [];
  for (let at = 0; at < 4; at += 1) reports.push(await watching.next(isComplete));
  const found = reports.map((report) => `${report.scope}: ${idsIn(report).join()}`).sort();
  expect(found).toEqual([
    '111122223333/eu-west-1: ',
    '111122223333/us-east-1: ',
    `default/eu-west-1: ${here.id}`,
    `default/us-east-1: ${there.id}`,
  ]);
});

test('SRC5: credentials that EC2 no longer takes: told, nothing lost, well again by itself', async () => {
  const one = await world.run();
  const watching = watchEc2(proxy.url);
  await watching.next(holds(one.id));
  await moto.checkCredentialsAfter(0);
  const { error } = await watching.next(isFailure);
  expect(error.message).toMatch(/AuthFailure.*renew them/);
  await moto.checkCredentialsAfter(1_000_000);
  await watching.next(({ kind }) => kind === 'unchanged');
});

/** moto has no states that last only a while. */
function stateOf(body: string, id: string, state: string): string {
  const at = body.indexOf(`<instanceId>${id}</instanceId>`);
  if (at < 0) return body;
  return body.slice(0, at) + body.slice(at).replace(/(<instanceState>.*?<name>)[^<]*/s, `$1${state}`);
}
