import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ScopeReport, SourceContext } from '../../../src/discovery/source.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { freePort } from '../../parts/ports.ts';
import { until } from '../../parts/until.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { expectContract, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, type Script, startFakeConsul } from './fake-consul.ts';
import { serviceOf } from './fake-registry.ts';
import { completeOf, createConsul } from './watching.ts';

const A = { node: 'a', address: '10.0.0.1' };
const TOKEN = 'marker-7f1c-token';
const isWeb = (report: ScopeReport) => report.scope === 'local/web';

describe('a Consul that misbehaves', () => {
  let fake: FakeConsul;
  let clock: ManualClock;
  let watching: Watching;
  let folder: string;
  const watch = (options: object = {}, context: Partial<SourceContext> = {}) => {
    const all = { address: fake.url, services: ['web'], ...options };
    watching = watchSource(createConsul(all, { clock, baseDir: folder, ...context }));
    return watching;
  };
  const settled = async (options: object = {}, context: Partial<SourceContext> = {}) => {
    await watch(options, context).next(completeOf('local/web'));
    await until('both questions to be held', () => fake.held.length === 2);
  };
  const failureOf = async (scope: string) => {
    const report = await watching.next((one) => isFailure(one) && one.scope === scope);
    if (report.kind !== 'failure') throw new Error('a failure was sought');
    return report;
  };
  /** Time goes on until it is true. */
  const whileTimeGoes = (what: string, probe: () => boolean) =>
    until(what, async () => {
      await clock.advance(100);
      return probe();
    });

  beforeEach(async () => {
    fake = await startFakeConsul();
    fake.registry.put('web', [A]);
    clock = manualClock(1_000_000);
    folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  });
  afterEach(async () => {
    await watching.stop();
    expectContract(watching.seen);
    expect(
      JSON.stringify(watching.seen, (_, value) => (value instanceof Error ? String(value) : value)),
    ).not.toContain(TOKEN);
    await fake.stop();
    await rm(folder, { recursive: true });
    expect(clock.pending).toBe(0);
  });

  const html = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' };
  const FAULTS: readonly (readonly [string, ReturnType<Script>, RegExp])[] = [
    ['500', { status: 500, body: 'No cluster leader' }, /500: No cluster leader/],
    ['502 of a proxy', { status: 502, headers: { 'content-type': 'text/html' }, body: '<html>' }, /502/],
    ['403', { status: 403, body: 'Permission denied' }, /403: Permission denied.*service:read/],
    ['ACL not found', { status: 403, body: 'ACL not found' }, /ACL not found/],
    ['400', { status: 400, body: 'Failed to parse filter' }, /400: Failed to parse filter.*filter/],
    ['200 with HTML', html, /text\/html, not JSON/],
    ['200 with half a body', { body: '[{"Node":{"Node"' }, /cut short or no JSON/],
    ['200 with null', { body: null }, /not Consul's/],
    ['200 with other JSON', { body: [{ Node: 'a' }] }, /not Consul's/],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, /302/],
    ['a closed connection', 'cut', /\S/],
  ];

  test.each(FAULTS)('SRC5: %s: told, nothing is emptied, and it is asked again', async (_, answer, words) => {
    await settled();
    fake.script(() => answer);
    expect((await failureOf('local/web')).error.message).toMatch(words);
    expect(watching.seen.filter((one) => isComplete(one) && one.instances.length === 0)).toEqual([]);
    fake.script(undefined);
    const count = watching.seen.length;
    await whileTimeGoes('a good report', () =>
      watching.seen.slice(count).some((one) => isWeb(one) && !isFailure(one)),
    );
  });

  test.each(FAULTS)(
    'SRC5: %s at the start is told for the datacenter, and closed when it is over',
    async (_, answer) => {
      fake.script(() => answer);
      watch();
      expect((await failureOf('local')).error.message).toMatch(/^the list of services: /);
      fake.script(undefined);
      await whileTimeGoes('the service', () => watching.seen.some((one) => isWeb(one) && isComplete(one)));
      expect(watching.seen.filter(({ scope }) => scope === 'local').at(-1)).toMatchObject({
        ...{ kind: 'complete', closed: true, reason: 'stated', instances: [] },
      });
    },
  );

  test('SRC5: nobody listens', async () => {
    watch({ address: `http://127.0.0.1:${await freePort()}` });
    expect((await failureOf('local')).error.message).toMatch(/ECONNREFUSED/);
  });

  test('SRC5: no such host', async () => {
    watch({ address: 'http://nobody.invalid:8500' });
    expect((await failureOf('local')).error.message).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  test('SRC5: a body that never ends is given up', async () => {
    await settled();
    fake.script(() => ({ body: `["${'x'.repeat(65 * 1024 * 1024)}"]` }));
    expect((await failureOf('local/web')).error.message).toMatch(/more than 64 MiB/);
  });

  test('SRC5: the back-off doubles from 0.5 s to 60 s, and a success resets it', async () => {
    await settled();
    fake.script(({ path: asked }) => (serviceOf(asked) === 'web' ? { status: 500, body: 'no' } : undefined));
    for (const seconds of [0.5, 1, 2, 4, 8, 16, 32, 60, 60]) {
      const { nextAttempt = 0 } = await failureOf('local/web');
      expect(nextAttempt - clock.now()).toBe(seconds * 1000);
      await clock.advance(seconds * 1000);
    }
    await failureOf('local/web');
    fake.script(undefined);
    await clock.advance(60_000);
    await watching.next((one) => isWeb(one) && one.kind === 'unchanged');
    await until('both questions to be held', () => fake.held.length === 2);
    fake.script(({ path: asked }) => (serviceOf(asked) === 'web' ? { status: 500, body: 'no' } : undefined));
    const { nextAttempt = 0 } = await failureOf('local/web');
    expect(nextAttempt - clock.now()).toBe(500);
  });

  test.each([
    ['without a word when', {}, 150_000],
    ['with a Retry-After', { 'retry-after': '7' }, 7_000],
    ['with a Retry-After of a century', { 'retry-after': '3155760000' }, 3_600_000],
    ['with a date in Retry-After', { 'retry-after': 'Wed, 21 Oct 2099 07:28:00 GMT' }, 150_000],
  ])('SRC5: 429 %s: left alone for that long', async (_, headers, waitMs) => {
    await settled();
    fake.script(() => ({ status: 429, headers, body: 'Too Many Requests' }));
    const { error, nextAttempt = 0 } = await failureOf('local/web');
    expect(error.message).toMatch(/too many requests/);
    expect(nextAttempt - clock.now()).toBe(waitMs);
    // The list too, however soon it is asked again after another failure.
    await until('the list to fail', () => watching.seen.some((one) => one.scope === 'local'));
    expect(watching.seen.find((one) => one.scope === 'local')?.nextAttempt).toBe(nextAttempt);
    const asked = () => fake.requests.filter((one) => serviceOf(one.path) === 'web').length;
    const before = asked();
    fake.script(({ path: of }) => (serviceOf(of) === 'web' ? undefined : 'hang'));
    await clock.advance(waitMs - 1);
    expect(asked()).toBe(before);
    await clock.advance(1);
    await watching.next((one) => isWeb(one) && one.kind === 'unchanged');
  });

  test('FAULT5: once the list answers again, no service waits for the end of its back-off', async () => {
    await settled();
    fake.script(() => ({ status: 500, body: 'No cluster leader' }));
    await whileTimeGoes('a long back-off', () => {
      const last = watching.seen.findLast(isWeb);
      return last?.kind === 'failure' && (last.nextAttempt ?? 0) > clock.now() + 20_000;
    });
    const failed = clock.now();
    fake.script(undefined);
    const count = watching.seen.length;
    await whileTimeGoes('a good report', () =>
      watching.seen.slice(count).some((one) => isWeb(one) && !isFailure(one)),
    );
    expect(clock.now() - failed).toBeLessThanOrEqual(5_000);
  });

  test('SRC5: a token that is rotated is used for the next question, in a header alone', async () => {
    const file = path.join(folder, 'token');
    await writeFile(file, `${TOKEN}-old\n`);
    const tokens = () => fake.requests.map(({ headers }) => headers['x-consul-token']);
    fake.script(({ headers }) =>
      headers['x-consul-token'] === `${TOKEN}-new` ? undefined : { status: 403, body: 'ACL not found' },
    );
    watch({ token: { file: 'token' } });
    await failureOf('local');
    await writeFile(file, `${TOKEN}-new`);
    await whileTimeGoes('the service', () => watching.seen.some((one) => isWeb(one) && isComplete(one)));
    expect(new Set(tokens())).toEqual(new Set([`${TOKEN}-old`, `${TOKEN}-new`]));
    expect(fake.requests.filter(({ target }) => target.includes(TOKEN))).toEqual([]);
  });

  test('SRC5: a secret that is not read yet is a failure that names it; it is used once it is there', async () => {
    let secret: SecretBytes | undefined;
    watch(
      { token: { secret: 'consul-token' } },
      { secret: (name) => (name === 'consul-token' ? secret : undefined) },
    );
    expect((await failureOf('local')).error.message).toMatch(/"consul-token" could not be read/);
    expect(fake.requests).toEqual([]);
    secret = SecretBytes.fromUtf8(TOKEN);
    await whileTimeGoes('the service', () => watching.seen.some((one) => isWeb(one) && isComplete(one)));
  });

  test.each([
    ['is empty', ' \n', /is empty/],
    ['has a line break', `${TOKEN}\r\nX-Evil: 1`, /no header can carry/],
    ['is of other letters', `${TOKEN}ü`, /no header can carry/],
  ])('a token that %s is never sent', async (_, text, words) => {
    await writeFile(path.join(folder, 'token'), text);
    watch({ token: { file: 'token' } });
    expect((await failureOf('local')).error.message).toMatch(words);
    expect(fake.requests).toEqual([]);
  });

  test('SRC3: one service that cannot be read takes no other along', async () => {
    fake.registry.put('api', [A]);
    fake.script(({ path: asked }) => (serviceOf(asked) === 'web' ? { status: 500, body: 'no' } : undefined));
    watch({ services: ['web', 'api'] });
    await failureOf('local/web');
    await whileTimeGoes('the other', () => watching.seen.some(completeOf('local/api')));
    expect(watching.seen.filter(({ scope }) => scope === 'local')).toEqual([]);
  });
});
