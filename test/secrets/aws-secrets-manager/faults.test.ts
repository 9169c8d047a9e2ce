import { expect, test } from 'vitest';
import { ApiFault } from '../../../src/secrets/aws-secrets-manager/fault.ts';
import { type FakeAws, fakeAws } from './fake-calls.ts';
import { refreshed } from './refreshed.ts';

const MINUTE = 60_000;

function many(count: number): { readonly aws: FakeAws; readonly refs: Record<string, object> } {
  const aws = fakeAws();
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  for (const name of names) aws.put(name, `${name}-v1`, `${name} one`);
  return { aws, refs: Object.fromEntries(names.map((name) => [name, { name }])) };
}

const countOf = (asked: readonly string[], action: string): number =>
  asked.filter((line) => line.startsWith(action)).length;

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

test('FAULT6: throttled for ten minutes: at most a call in 5 s, nothing served vanishes, and fresh soon after', async () => {
  const { aws, refs } = many(100);
  const { clock, served, status } = refreshed(aws, refs);
  await clock.advance(1_000);
  aws.put('s1', 's1-v2', 's1 two');
  aws.fail('throttled', 'list', 'describe', 'value', 'batch');
  aws.asked.length = 0;
  await clock.advance(10 * MINUTE);
  expect(aws.asked.length).toBeLessThanOrEqual(120);
  expect(aws.asked.length).toBeGreaterThan(5);
  expect(served.size).toBe(100);
  expect(status('s1')).toMatchObject({
    state: 'failing',
    problem: expect.stringMatching(/throttled.*at most every 5 s/),
  });
  aws.fail(undefined, 'list', 'describe', 'value', 'batch');
  await clock.advance(MINUTE);
  expect(served.get('s1')).toBe('s1 two');
  expect(status('s1').state).toBe('ok');
  expect(status('s99').state).toBe('ok');
}, 60_000);

test('without ListSecrets each is described, without DescribeSecret read; in words what is needed', async () => {
  const { aws, refs } = many(6);
  aws.fail('forbidden', 'list', 'batch');
  const { clock, served } = refreshed(aws, refs);
  await clock.advance(1_000);
  expect(served.size).toBe(6);
  expect([countOf(aws.asked, 'list'), countOf(aws.asked, 'describe'), countOf(aws.asked, 'value')]).toEqual([
    1, 6, 6,
  ]);

  const blind = many(6);
  blind.aws.fail('forbidden', 'list', 'describe', 'batch');
  const second = refreshed(blind.aws, blind.refs);
  await second.clock.advance(1_000);
  expect(second.served.size).toBe(6);
  blind.aws.put('s3', 's3-v2', 's3 two');
  await second.clock.advance(2 * MINUTE);
  expect(second.served.get('s3')).toBe('s3 two');
  blind.aws.fail('forbidden', 'value');
  await second.clock.advance(2 * MINUTE);
  expect(second.status('s3')).toMatchObject({
    state: 'failing',
    problem: expect.stringMatching(/secret s3\).*secretsmanager:GetSecretValue.*kms:Decrypt/),
  });
  expect(second.served.size).toBe(6);
});

test('a batch answers in part: an error is that of its secret, what is left out is asked for alone', async () => {
  const { aws, refs } = many(6);
  aws.batchFault.set('s1', new ApiFault('key', 'no access to the key'));
  aws.batchFault.set('s2', null);
  const { clock, served, status } = refreshed(aws, refs);
  await clock.advance(1_000);
  expect([...served.keys()].sort()).toEqual(['s0', 's2', 's3', 's4', 's5']);
  expect(aws.asked).toContain('value s2 AWSCURRENT');
  expect(status('s1').problem).toMatch(/could not be decrypted.*kms:Decrypt/);
});

test('marked for deletion: what is served stays, with a warning; restored, all is well; gone, it still stays', async () => {
  const { aws, refs } = many(6);
  const { clock, served, status, store } = refreshed(aws, refs);
  await clock.advance(1_000);
  aws.remove('s1', new Date(Date.UTC(2026, 0, 8)));
  await clock.advance(MINUTE);
  const { version } = status('s1');
  const ref = { id: 's1', stage: 'AWSCURRENT', parts: { value: null } };
  const never = new AbortController().signal;
  expect(await store.read(ref, never, version)).toMatchObject({
    version,
    warnings: [
      expect.stringMatching(/marked for deletion \(2026-01-08.*will vanish.*restore-secret --secret-id s1/),
    ],
  });
  await expect(store.read(ref, never)).rejects.toThrow(/marked for deletion/);
  expect(status('s1').state).not.toBe('absent');
  aws.restore('s1');
  await clock.advance(MINUTE);
  expect((await store.read(ref, never, version))?.warnings).toBeUndefined();
  aws.remove('s1');
  await clock.advance(2 * MINUTE);
  expect(await store.read(ref, never, version)).toBeUndefined();
  expect(status('s1')).toMatchObject({
    state: 'failing',
    problem: expect.stringContaining('does not exist'),
  });
  expect(served.get('s1')).toBe('s1 one');
});

test('a rotation that leaves an empty AWSPENDING changes nothing; one that lost AWSCURRENT says so', async () => {
  const { aws, refs } = many(6);
  const { clock, served, status } = refreshed(aws, refs);
  await clock.advance(1_000);
  aws.label('s1', 'AWSPENDING', 'empty');
  await clock.advance(2 * MINUTE);
  expect(status('s1')).toMatchObject({ state: 'ok', version: expect.stringMatching(/^s1-v1\./) });
  aws.label('s1', 'AWSCURRENT', undefined);
  await clock.advance(2 * MINUTE);
  expect(status('s1')).toMatchObject({
    state: 'failing',
    version: expect.stringMatching(/^s1-v1\./),
    problem: expect.stringMatching(/none of its versions has the label AWSCURRENT/),
  });
  expect(served.get('s1')).toBe('s1 one');
  expect(aws.asked.filter((line) => line.includes('AWSPENDING'))).toEqual([]);
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
