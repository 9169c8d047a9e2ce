import { expect, test } from 'vitest';
import { ApiFault } from '../../../src/secrets/aws-secrets-manager/fault.ts';
import { countOf, many, refreshed } from './refreshed.ts';

const MINUTE = 60_000;

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

test('FAULT6: values alone are throttled, with a hundred new ones waiting: at most a call in 5 s', async () => {
  const { aws, refs } = many(100);
  const { clock, served } = refreshed(aws, refs);
  await clock.advance(1_000);
  for (const name of Object.keys(refs)) aws.put(name, `${name}-v2`, `${name} two`);
  aws.fail('throttled', 'value', 'batch');
  await clock.advance(2 * MINUTE);
  aws.asked.length = 0;
  await clock.advance(10 * MINUTE);
  expect(aws.asked.length).toBeLessThanOrEqual(120);
  expect(served.size).toBe(100);
  aws.fail(undefined, 'value', 'batch');
  await clock.advance(2 * MINUTE);
  expect([...served.values()].filter((text) => text.endsWith('two'))).toHaveLength(100);
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
