import { expect, onTestFinished, test } from 'vitest';
import type { Ec2Calls } from '../../../src/discovery/ec2/calls.ts';
import type { Facts } from '../../../src/discovery/ec2/facts.ts';
import type { CompleteReport, ScopeReport, SourceContext } from '../../../src/discovery/source.ts';
import { manualClock } from '../manual-clock.ts';
import { isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type Answers, facts, fakeCalls, named } from './fake-calls.ts';
import { type InProcess, inProcessHost, sourceOn } from './in-process.ts';

function completes(reports: readonly ScopeReport[]): readonly CompleteReport[] {
  return reports.filter(isComplete);
}

interface Running {
  readonly clock: ReturnType<typeof manualClock>;
  readonly calls: ReturnType<typeof fakeCalls>;
  readonly host: InProcess;
  watch(options?: object, context?: Partial<SourceContext>): Watching;
}

function start(answers: Answers, others?: Partial<Ec2Calls>): Running {
  const clock = manualClock(1_000_000);
  const calls = fakeCalls(answers, others);
  const host = inProcessHost(calls, clock);
  const watch: Running['watch'] = (options = {}, context = {}) => {
    const watching = watchSource(sourceOn(host, options, { clock, ...context }));
    onTestFinished(() => watching.stop());
    return watching;
  };
  return { clock, calls, host, watch };
}

/** EC2 that holds what the test puts there. */
function startWith(first: readonly Facts[]): Running & { put(instances: readonly Facts[]): void } {
  let items = first;
  const running = start(() => ({ items, nextToken: undefined }));
  return {
    ...running,
    put: (instances) => {
      items = instances;
    },
  };
}

test('FAULT6: throttled for 10 min: at most one call in 5 s, nothing removed, fresh within 60 s after', async () => {
  const times: number[] = [];
  let throttled = false;
  const running = start(() => {
    times.push(running.clock.now());
    return throttled
      ? named('RequestLimitExceeded', 'Request limit exceeded.')
      : { items: [facts('i-1')], nextToken: undefined };
  });
  const { clock, watch } = running;
  // The longest waits that chance can give.
  const unlucky = { random: () => 0.999 };
  const watchings = [watch({}, unlucky), watch({ filters: { 'tag:app': 'web' } }, unlucky)];
  await clock.advance(60_000);
  expect(watchings.map(({ seen }) => completes(seen).length)).toEqual([1, 1]);

  throttled = true;
  const began = clock.now();
  await clock.advance(600_000);
  const during = times.filter((time) => time > began);
  const gaps = during.slice(1).map((time, at) => time - (during[at] ?? 0));
  // The first of them is the one that hears of it; one may be on its way already.
  expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(5_000);
  for (const { seen } of watchings) {
    expect(completes(seen)).toHaveLength(1);
    const last = seen.filter(isFailure).at(-1);
    expect(last?.error.message).toContain('EC2 in account default, region eu-west-1: throttled');
  }

  throttled = false;
  const before = watchings.map(({ seen }) => seen.length);
  await clock.advance(60_000);
  watchings.forEach(({ seen }, at) => {
    expect(seen.slice(before[at]).some(({ kind }) => kind === 'unchanged')).toBe(true);
  });
});

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

test('SRC11: an instance without the chosen address is left out and comes when it has one', async () => {
  const none = { privateIpv4: undefined, publicIpv4: undefined, ipv6: undefined };
  const { clock, watch, put } = startWith([facts('i-1'), facts('i-2', { addresses: none })]);
  const { seen } = watch();
  await clock.advance(1_000);
  expect(completes(seen)[0]?.instances.map(({ id }) => id)).toEqual(['i-1']);
  put([facts('i-1'), facts('i-2')]);
  await clock.advance(31_000);
  expect(completes(seen)[1]?.instances.map(({ id }) => id)).toEqual(['i-1', 'i-2']);
  put([facts('i-1'), facts('i-2', { addresses: none })]);
  await clock.advance(31_000);
  expect(completes(seen)[2]?.instances.map(({ id }) => id)).toEqual(['i-1']);
  // It runs: that its address is not told may be a fault, so the guard looks at it.
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

test('SRC1: half of the pages, then an error: the report before stays, and nothing in part is told', async () => {
  let broken = false;
  const { clock, watch } = start(({ nextToken }) => {
    if (nextToken === undefined) return { items: [facts('i-1')], nextToken: 'a' };
    return broken ? named('UnauthorizedOperation', 'no') : { items: [facts('i-2')], nextToken: undefined };
  });
  const { seen } = watch();
  await clock.advance(2_000);
  broken = true;
  await clock.advance(60_000);
  expect(completes(seen)).toHaveLength(1);
  expect(seen.filter(isFailure).length).toBeGreaterThan(1);
  broken = false;
  await clock.advance(60_000);
  expect(seen.at(-1)?.kind).toBe('unchanged');
});

test.each([
  'AuthFailure',
  'ExpiredToken',
  'RequestExpired',
  'UnrecognizedClientException',
  'CredentialsProviderError',
])('SRC5: after %s the next attempt has a new client, with the credentials read anew', async (name) => {
  let refused = true;
  const { clock, watch, host } = start(() =>
    refused ? named(name, 'no such key') : { items: [facts('i-1')], nextToken: undefined },
  );
  const { seen } = watch();
  await clock.advance(2_000);
  const first = seen.find(isFailure);
  expect(first?.error.message).toMatch(/account default, region eu-west-1.*renew them/);
  const opened = host.opened.length;
  refused = false;
  await clock.advance(60_000);
  expect(completes(seen)).toHaveLength(1);
  expect(host.opened.length).toBeGreaterThan(Math.max(1, opened - 1));
});

test('SRC3: EC2 away for an hour: each attempt is told with the next, and nothing else', async () => {
  let away = false;
  const { clock, watch } = start(() =>
    away ? named('TimeoutError', 'no route') : { items: [facts('i-1')], nextToken: undefined },
  );
  const { seen } = watch();
  await clock.advance(1_000);
  away = true;
  await clock.advance(3_600_000);
  const failures = seen.filter(isFailure);
  expect(failures.length).toBeGreaterThan(60);
  expect(failures.every(({ nextAttempt }) => (nextAttempt ?? 0) > 1_000_000)).toBe(true);
  expect(completes(seen)).toHaveLength(1);
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
