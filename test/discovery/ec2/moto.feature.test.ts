import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Moto, startMoto } from '../../parts/moto.ts';
import { until } from '../../parts/until.ts';
import { isComplete, testSource } from '../suite.ts';
import { type Ec2Proxy, ec2Error, startEc2Proxy } from './proxy.ts';
import { ec2At, useTestCredentials, watchEc2 } from './source.ts';
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

test('SRC9: every page is in the first report', async () => {
  for (let at = 0; at < 3; at += 1) await world.run();
  const watching = watchEc2(proxy.url);
  expect((await watching.next(isComplete)).instances).toHaveLength(3);
});
