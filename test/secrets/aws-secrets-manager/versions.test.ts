import { expect, test } from 'vitest';
import { fakeAws } from './fake-calls.ts';
import { countOf, many, refreshed } from './refreshed.ts';

const MINUTE = 60_000;

test('1,000 secrets: 60 calls at the start, then ten pages each interval and no value', async () => {
  const { aws, refs } = many(1_000);
  const { clock, served } = refreshed(aws, refs);
  await clock.advance(1_000);
  expect(served.size).toBe(1_000);
  expect([countOf(aws.asked, 'list'), countOf(aws.asked, 'batch'), aws.asked.length]).toEqual([10, 50, 60]);
  aws.asked.length = 0;
  await clock.advance(10 * MINUTE);
  expect(new Set(aws.asked)).toEqual(new Set(['list']));
  expect(aws.asked.length).toBeLessThanOrEqual(100);
  expect(aws.asked.length).toBeGreaterThanOrEqual(90);
}, 60_000);

test('a new version is served within the interval and its batch, nothing else is fetched', async () => {
  const { aws, refs } = many(50);
  const { clock, served } = refreshed(aws, refs);
  await clock.advance(1_000);
  aws.asked.length = 0;
  aws.put('s7', 's7-v2', 's7 two');
  await clock.advance(MINUTE + 500);
  expect(served.get('s7')).toBe('s7 two');
  expect(aws.asked.filter((line) => line !== 'list')).toEqual(['batch s7']);
});

test('few secrets in a large account are described, as that takes fewer calls than its list', async () => {
  const { aws } = many(2_000);
  const { clock, served } = refreshed(aws, {
    a: { name: 's1' },
    b: { name: 's2' },
    c: { name: 's2', stage: 'AWSCURRENT' },
  });
  await clock.advance(MINUTE);
  expect(served.size).toBe(3);
  expect(countOf(aws.asked, 'list')).toBe(0);
  expect(countOf(aws.asked, 'describe s2')).toBe(1);
});

test('ten secrets in an account of 2,000: once its pages are known, each is described', async () => {
  const { aws, refs } = many(2_000);
  const ten = Object.fromEntries(Object.entries(refs).slice(0, 10));
  const { clock } = refreshed(aws, ten);
  await clock.advance(1_000);
  aws.asked.length = 0;
  await clock.advance(MINUTE);
  expect([countOf(aws.asked, 'list'), countOf(aws.asked, 'describe')]).toEqual([0, 10]);
});

test('a label that is moved back to an older version is followed', async () => {
  const { aws, refs } = many(6);
  const { clock, served } = refreshed(aws, refs);
  await clock.advance(1_000);
  aws.put('s1', 's1-v2', 's1 two');
  await clock.advance(MINUTE + 500);
  expect(served.get('s1')).toBe('s1 two');
  aws.label('s1', 'AWSCURRENT', 's1-v1');
  await clock.advance(MINUTE + 500);
  expect(served.get('s1')).toBe('s1 one');
});

test('a list that is behind takes nobody back: what a description says counts', async () => {
  const { aws, refs } = many(6);
  aws.freezeList();
  aws.put('s1', 's1-v2', 's1 two');
  const { clock, served, status } = refreshed(aws, refs);
  await clock.advance(3 * MINUTE);
  expect(status('s1')).toMatchObject({ state: 'ok', version: expect.stringMatching(/^s1-v2\./) });
  expect(served.get('s1')).toBe('s1 two');
  expect(countOf(aws.asked, 'describe s1')).toBeGreaterThan(0);
});

test('other stages are read one by one, and never from a batch', async () => {
  const { aws } = many(6);
  aws.put('s1', 's1-v2', 's1 two');
  aws.label('s1', 'AWSPREVIOUS', 's1-v1');
  const { clock, served } = refreshed(aws, {
    now: { name: 's1' },
    before: { name: 's1', stage: 'AWSPREVIOUS' },
  });
  await clock.advance(1_000);
  expect(Object.fromEntries(served)).toEqual({ now: 's1 two', before: 's1 one' });
});

test('an edit of the reference is another version, though the secret is the same', async () => {
  const aws = fakeAws();
  aws.put('s', 'v1', '{"a": "one", "b": "two"}');
  const refs = { a: { name: 's', field: 'a' }, b: { name: 's', field: 'b' } };
  const { clock, served, status } = refreshed(aws, refs);
  await clock.advance(1_000);
  expect(Object.fromEntries(served)).toEqual({ a: 'one', b: 'two' });
  expect(status('a').version).not.toBe(status('b').version);
});
