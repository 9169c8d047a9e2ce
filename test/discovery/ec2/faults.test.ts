import { expect, test } from 'vitest';
import { isFailure } from '../suite.ts';
import { facts, named } from './fake-calls.ts';
import { completes, start } from './watching.ts';

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
