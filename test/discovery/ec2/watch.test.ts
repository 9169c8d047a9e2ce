import { expect, test } from 'vitest';
import { isComplete, isFailure } from '../suite.ts';
import { facts, named } from './fake-calls.ts';
import { completes, start, startWith } from './watching.ts';

test('SRC9: sources and services that ask the same share each listing, others share the budget', async () => {
  const times: number[] = [];
  const running = start(() => {
    times.push(running.clock.now());
    return { items: [facts('i-1')], nextToken: undefined };
  });
  const { clock, watch } = running;
  const same = [watch(), watch({ port: 9090 }), watch({ address: 'privateIpv4', interval: '30s' })];
  const other = watch({ filters: { 'vpc-id': 'vpc-1' } });
  await clock.advance(300_000);
  for (const { seen } of [...same, other]) expect(seen.length).toBeGreaterThanOrEqual(9);
  // Two listings, each every 30 s, for 300 s.
  expect(times.length).toBeLessThanOrEqual(2 * 11);
  const busiest = Math.max(
    ...times.map((at) => times.filter((time) => time >= at && time < at + 1000).length),
  );
  expect(busiest).toBeLessThanOrEqual(2);
  expect(same.map(({ seen }) => completes(seen)[0]?.instances[0]?.ports[''])).toEqual([8080, 9090, 8080]);
});

test('an unchanged listing is told as unchanged; of a changed one only the changed instance is a new object', async () => {
  const { clock, watch, put, host } = startWith(['i-1', 'i-2', 'i-3'].map((id) => facts(id)));
  const { seen } = watch();
  await clock.advance(31_000);
  expect(seen.map(({ kind }) => kind)).toEqual(['complete', 'unchanged']);
  const messages = host.messages.length;

  put([facts('i-3'), facts('i-2', { labels: { 'ec2.tag.app': 'web' } }), facts('i-1')]);
  await clock.advance(31_000);
  const [before, after] = completes(seen);
  expect(after?.instances.map(({ id }) => id)).toEqual(['i-1', 'i-2', 'i-3']);
  expect(after?.instances.map((one, at) => one === before?.instances[at])).toEqual([true, false, true]);
  const sent = host.messages.slice(messages).flatMap((one) => (one.kind === 'chunk' ? one.instances : []));
  expect(sent.map(({ id }) => id)).toEqual(['i-2']);
});

test('SRC10: those that EC2 says have ended are named, those that just vanish are not', async () => {
  const { clock, watch, put } = startWith(['i-1', 'i-2', 'i-3', 'i-4', 'i-5'].map((id) => facts(id)));
  const { seen } = watch();
  await clock.advance(1_000);
  put([
    facts('i-1'),
    facts('i-2', { state: 'stopped' }),
    facts('i-3', { state: 'terminated' }),
    facts('i-4', { state: 'stopping' }),
  ]);
  await clock.advance(31_000);
  const last = completes(seen).at(-1);
  expect(last?.instances.map(({ id, health }) => `${id} ${health}`)).toEqual(['i-1 HEALTHY', 'i-4 DRAINING']);
  expect(last?.terminated).toEqual(['i-2', 'i-3']);
  expect(last?.reason).toBeUndefined();

  await clock.advance(31_000);
  expect(seen.at(-1)?.kind).toBe('unchanged');
});

test('SRC10: what ended while muster was down is named in the first report', async () => {
  const gone = [facts('i-2', { state: 'terminated' }), facts('i-3', { state: 'stopped' })];
  const { clock, watch } = startWith([facts('i-1'), ...gone]);
  const { seen } = watch({}, { knownScopes: ['default/eu-west-1'] });
  await clock.advance(1_000);
  expect(completes(seen)[0]?.terminated).toEqual(['i-2', 'i-3']);
});

test('SRC11: an instance without the chosen address is told without one, and with it once it has one', async () => {
  const none = { privateIpv4: undefined, publicIpv4: undefined, ipv6: undefined };
  const { clock, watch, put } = startWith([facts('i-1'), facts('i-2', { addresses: none })]);
  const { seen } = watch();
  const told = (at: number) =>
    completes(seen)[at]?.instances.map(({ id, address }) => `${id} ${address === '' ? 'none' : 'has'}`);
  await clock.advance(1_000);
  expect(told(0)).toEqual(['i-1 has', 'i-2 none']);
  put([facts('i-1'), facts('i-2')]);
  await clock.advance(31_000);
  expect(told(1)).toEqual(['i-1 has', 'i-2 has']);
  put([facts('i-1'), facts('i-2', { addresses: none })]);
  await clock.advance(31_000);
  expect(told(2)).toEqual(['i-1 has', 'i-2 none']);
  // It runs: that its address is not told may be a fault, so the guard of its services looks at it.
  expect(completes(seen)[2]?.terminated).toBeUndefined();
});

test('two instances with one address are two instances', async () => {
  const addresses = { privateIpv4: '10.0.0.1', publicIpv4: undefined, ipv6: undefined };
  const { clock, watch } = startWith([facts('i-1', { addresses }), facts('i-2', { addresses })]);
  const { seen } = watch();
  await clock.advance(1_000);
  expect(completes(seen)[0]?.instances.map(({ id, address }) => `${id} ${address}`)).toEqual([
    'i-1 10.0.0.1',
    'i-2 10.0.0.1',
  ]);
});

test('scopes that the config does not have any more are closed', async () => {
  const { clock, watch } = startWith([facts('i-1')]);
  const { seen } = watch({}, { knownScopes: ['default/eu-west-1', '210987654321/eu-west-3'] });
  await clock.advance(1_000);
  expect(seen[0]).toEqual({
    kind: 'complete',
    scope: '210987654321/eu-west-3',
    instances: [],
    reason: 'stated',
    closed: true,
    more: true,
  });
  expect(seen[1]?.scope).toBe('default/eu-west-1');
});

test('several accounts and regions: each is a scope of its own, and one that fails fails alone', async () => {
  const { clock, watch, host } = start((_, asked) =>
    asked === 1
      ? named('UnauthorizedOperation', 'not here')
      : { items: [facts('i-1')], nextToken: undefined },
  );
  const accounts = [
    { id: '111111111111' },
    { assumeRole: { roleArn: 'arn:aws:iam::222222222222:role/read' } },
  ];
  const { seen } = watch({ regions: ['eu-west-1', 'us-east-1'], accounts });
  await clock.advance(10);
  const scopes = [
    '111111111111/eu-west-1',
    '111111111111/us-east-1',
    '222222222222/eu-west-1',
    '222222222222/us-east-1',
  ];
  expect(new Set(seen.map(({ scope }) => scope))).toEqual(new Set(scopes));
  expect(seen.filter(isFailure).map(({ scope }) => scope)).toEqual([scopes[0]]);
  expect(completes(seen)).toHaveLength(3);
  expect(seen.slice(0, 4).map(({ more }) => more)).toEqual([true, true, true, undefined]);
  expect(host.opened).toHaveLength(4);
});

test('many instances cross the border in small chunks, sorted', async () => {
  const many = Array.from({ length: 1_001 }, (_, at) =>
    facts(`i-${(1_001 - at).toString(16).padStart(4, '0')}`),
  );
  const { clock, watch, host } = startWith(many);
  const watching = watch();
  await clock.advance(10);
  const { instances } = await watching.next(isComplete);
  expect(instances.map(({ id }) => id)).toEqual(many.map(({ id }) => id).sort());
  const sizes = host.messages.flatMap((one) => (one.kind === 'chunk' ? one.instances.length : []));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1_001);
});
