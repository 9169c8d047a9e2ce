import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MusterError } from '../../src/errors.ts';
import type { SecretConfig } from '../../src/model/config.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { servedVersion } from '../../src/secrets/identity.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import { createSecretRefresher, type SecretRefresher } from '../../src/secrets/refresh.ts';
import type { CheckedSecret, SecretStore, SecretVersion, UnchangedSecret } from '../../src/secrets/store.ts';
import { type ManualClock, manualClock } from '../discovery/manual-clock.ts';
import { type MadeCertificate, makeCertificate } from './certificates.ts';

const DAY = 86_400_000;
const START = Date.now();
const one = await makeCertificate({ names: ['a'], from: new Date(START), days: 10 });
const two = await makeCertificate({ names: ['a'], from: new Date(START), days: 10 });

/** The first secret's share of a minute when chance is 0.5. */
const FIRST = 7082;

describe('the refresher of secrets (SRC15)', () => {
  let clock: ManualClock;
  let controller: AbortController;
  let secrets: [string, CheckedSecret][];
  let problems: [string, MusterError | undefined][];
  let warnings: string[];
  let store: FakeStore;
  let refresher: SecretRefresher;
  const stores = () => new Map<string, SecretStore>([['s', store]]);
  const status = () => refresher.status()[0];

  beforeEach(() => {
    clock = manualClock(START);
    controller = new AbortController();
    secrets = [];
    problems = [];
    warnings = [];
    store = fakeStore(pair('v1', one));
    refresher = createSecretRefresher({
      onSecret: (name, secret) => secrets.push([name, secret]),
      onProblem: (name, problem) => problems.push([name, problem]),
      onWarning: (_, warning) => warnings.push(warning),
      clock,
      random: () => 0.5,
      signal: controller.signal,
    });
  });
  afterEach(async () => {
    controller.abort();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });

  test('reads at once and hands on each version once', async () => {
    refresher.update([config('a')], stores());
    expect(status()).toMatchObject({ name: 'a', state: 'absent' });
    await clock.advance(0);
    expect(secrets.map(([name, { kind }]) => [name, kind])).toEqual([['a', 'tls']]);
    await clock.advance(FIRST + 60_000);
    expect(store.reads).toBe(3);
    expect(secrets).toHaveLength(1);
    expect(status()).toMatchObject({
      state: 'ok',
      version: 'v1',
      lastRead: START + FIRST + 60_000,
      lastSuccess: START + FIRST + 60_000,
      nextAttempt: START + FIRST + 120_000,
    });
  });

  test('the store says when to look again, and hints', async () => {
    store.answer = { ...pair('v1', one), checkAgainMs: 5000 };
    refresher.update([config('a')], stores());
    await clock.advance(FIRST / 12 + 1);
    expect(store.reads).toBe(2);
    store.answer = pair('v2', two);
    store.hint();
    await clock.advance(0);
    expect(status()?.version).toBe('v2');
    expect(new Set(secrets.map(([, { version }]) => version)).size).toBe(2);
  });

  test('a failure keeps the last good, is told once, and backs off', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = new Error('sealed');
    await clock.advance(FIRST + 500 + 1000);
    expect(store.reads).toBe(4);
    expect(problems.map(([, problem]) => problem?.message)).toEqual(['secret "a": sealed']);
    expect(status()).toMatchObject({ state: 'failing', version: 'v1', problem: 'secret "a": sealed' });
    store.answer = pair('v1', one);
    await clock.advance(2000);
    expect(problems.at(-1)).toEqual(['a', undefined]);
    expect(status()?.state).toBe('ok');
    expect(secrets).toHaveLength(1);
  });

  test('BAD12: a bad version keeps the old one', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = pair('v2', { ...two, privateKey: one.privateKey });
    store.hint();
    await clock.advance(0);
    expect(problems[0]?.[1]).toMatchObject({ code: 'secret_invalid', origin: { object: 'secrets/a' } });
    expect(status()).toMatchObject({ state: 'failing', version: 'v1' });
  });

  test('a secret deleted at the store is served on', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = undefined;
    store.hint();
    await clock.advance(0);
    expect(problems[0]?.[1]?.message).toMatch(
      /does not exist in the store "s"; what was read before is served on/,
    );
    expect(status()?.version).toBe('v1');
  });

  test('a store that never answers is a failure after 30 s', async () => {
    store.answer = 'never';
    refresher.update([config('a')], stores());
    await clock.advance(30_000);
    expect(problems[0]?.[1]?.message).toMatch(/no answer within 30 s/);
  });

  test('update: what is unchanged runs on, what changed is read, what went ends', async () => {
    refresher.update([config('a'), config('b')], stores());
    await clock.advance(1000);
    refresher.update([config('a'), config('b', { path: 'other' })], stores());
    await clock.advance(0);
    expect(store.refs).toEqual([{ path: 'a' }, { path: 'b' }, { path: 'other' }]);
    refresher.update([config('b', { path: 'other' })], stores());
    expect(refresher.status().map(({ name }) => name)).toEqual(['b']);
    expect(store.refs.slice(3)).toEqual([]);
    await clock.advance(59_000);
    expect(store.refs.slice(3)).toEqual([{ path: 'other' }]);
  });

  test('a store that is not there', () => {
    refresher.update([{ ...config('a'), store: 'vault' }], stores());
    expect(problems[0]?.[1]?.message).toBe('secret "a": there is no secret store "vault"');
  });

  test('alarms as the end comes near: 80 %, 90 %, over', async () => {
    refresher.update([config('a')], stores());
    const alarms = [];
    for (const day of [7.9, 8.1, 9.1, 10.1]) {
      await clock.advance(START + day * DAY - clock.now() - 60_000);
      store.hint();
      await clock.advance(60_000);
      alarms.push([status()?.alarm, status()?.state]);
    }
    expect(alarms).toEqual([
      ['none', 'ok'],
      ['warn', 'expiring'],
      ['page', 'expiring'],
      ['expired', 'expiring'],
    ]);
    expect(warnings).toHaveLength(3);
  });

  test('what the store says is unchanged keeps what was read, without its parts', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = { version: 'v1' };
    await clock.advance(FIRST);
    expect(store.known).toEqual([undefined, 'v1']);
    expect(status()).toMatchObject({ state: 'ok', version: 'v1', lastSuccess: START + FIRST });
    expect(secrets).toHaveLength(1);
    store.answer = { version: 'v2' };
    store.hint();
    await clock.advance(0);
    expect(status()).toMatchObject({ state: 'failing', version: 'v1' });
    expect(status()?.problem).toMatch(/version v2 is known, and it is not/);
  });

  test('what is restored is served until it is read; the same once more is no news', async () => {
    const restored = new Map([['a', servedOf(one)]]);
    store.answer = new Error('sealed');
    refresher.update([config('a')], stores(), restored);
    await clock.advance(0);
    expect(status()).toMatchObject({ state: 'restored', problem: 'secret "a": sealed' });
    store.answer = pair('v1', one);
    store.hint();
    await clock.advance(0);
    expect(status()).toMatchObject({ state: 'ok', version: 'v1' });
    expect(secrets).toEqual([]);
    store.answer = pair('v2', two);
    store.hint();
    await clock.advance(0);
    expect(secrets).toHaveLength(1);
  });

  test('an edit of where it is read: the old is served, and its version means nothing to the new place', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = new Error('no such path');
    refresher.update([config('a', { path: 'new' })], stores());
    await clock.advance(0);
    expect(status()).toMatchObject({ state: 'failing', notAfter: expect.any(Number) });
    store.answer = pair('v1', two);
    store.hint();
    await clock.advance(0);
    expect(store.known.slice(1)).toEqual([undefined, undefined]);
    expect(status()?.state).toBe('ok');
    expect(new Set(secrets.map(([, { version }]) => version)).size).toBe(2);
  });

  test('values of two places with one version of theirs are not taken for each other', async () => {
    const kind = 'value';
    store.answer = { version: '1', parts: { value: SecretBytes.fromUtf8('first') } };
    refresher.update([{ ...config('a'), kind }], stores());
    await clock.advance(0);
    store.answer = { version: '1', parts: { value: SecretBytes.fromUtf8('second') } };
    refresher.update([{ ...config('a', { path: 'new' }), kind }], stores());
    await clock.advance(0);
    expect(new Set(secrets.map(([, { version }]) => version)).size).toBe(2);
  });

  test('what the store warns of is told once and shows for as long as it says so', async () => {
    store.answer = { ...pair('v1', one), warnings: ['it is marked for deletion'] };
    refresher.update([config('a')], stores());
    await clock.advance(FIRST);
    expect(warnings).toEqual(['it is marked for deletion']);
    expect(status()?.warnings).toEqual(['it is marked for deletion']);
    store.answer = pair('v1', one);
    await clock.advance(60_000);
    expect(status()?.warnings).toEqual([]);
  });

  test('a thousand secrets are read one by one over the interval, each once', async () => {
    refresher.update(
      Array.from({ length: 1000 }, (_, at) => config(`s${at}`)),
      stores(),
    );
    await clock.advance(5);
    expect(store.reads).toBe(1000);
    const perSecond: number[] = [];
    for (let second = 0; second < 120; second += 1) {
      const before = store.reads;
      await clock.advance(1000);
      perSecond.push(store.reads - before);
    }
    const [least, most] = [Math.min(...perSecond.slice(1)), Math.max(...perSecond)];
    expect(most).toBeLessThanOrEqual(20);
    expect(least).toBeGreaterThanOrEqual(14);
    expect(Math.abs(store.reads - 3000)).toBeLessThanOrEqual(20);
  });

  test('few reads of one store run at a time, and those that wait have their whole time', async () => {
    store.answer = 'never';
    refresher.update(
      Array.from({ length: 120 }, (_, at) => config(`s${at}`)),
      stores(),
    );
    await clock.advance(1000);
    expect(store.reads).toBe(100);
    await clock.advance(29_001);
    expect(store.reads).toBeGreaterThanOrEqual(120);
    expect(problems.length).toBeGreaterThanOrEqual(100);
  });

  test.for([600_000, -600_000])(
    'FAULT11: a clock that steps by %i ms loses no secret and no read',
    async (step) => {
      refresher.update([config('a')], stores());
      await clock.advance(FIRST);
      clock.step(step);
      const before = store.reads;
      await clock.advance(120_001);
      expect(store.reads - before).toBeGreaterThanOrEqual(1);
      expect(store.reads - before).toBeLessThanOrEqual(3);
      expect(status()).toMatchObject({ state: 'ok', version: 'v1' });
      expect(problems).toEqual([]);
    },
  );

  test('P5: a marker out of the key is in nothing that is told', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = pair('v2', { ...two, privateKey: one.privateKey });
    store.hint();
    await clock.advance(0);
    const said = inspect([secrets, problems, warnings, refresher, refresher.status()], {
      depth: 9,
      showHidden: true,
    });
    const json = JSON.stringify([secrets, problems, warnings, refresher.status()]);
    for (const line of one.privateKey.split('\n').slice(1, -2)) expect(said + json).not.toContain(line);
  });
});

type Answer = SecretVersion | UnchangedSecret | Error | 'never' | undefined;

interface FakeStore extends SecretStore {
  answer: Answer;
  readonly reads: number;
  readonly refs: readonly unknown[];
  /** The versions that the refresher said it has. */
  readonly known: readonly (string | undefined)[];
  hint(): void;
}

function fakeStore(first: Answer): FakeStore {
  const refs: unknown[] = [];
  const known: (string | undefined)[] = [];
  const watchers = new Set<() => void>();
  return {
    answer: first,
    refs,
    known,
    get reads() {
      return refs.length;
    },
    hint: () => {
      for (const changed of watchers) changed();
    },
    async read(ref, _, had) {
      refs.push(ref);
      known.push(had);
      if (this.answer === 'never') return new Promise(() => undefined);
      if (this.answer instanceof Error) throw this.answer;
      return this.answer;
    },
    watch(_, changed, signal) {
      watchers.add(changed);
      signal.addEventListener('abort', () => watchers.delete(changed));
    },
  };
}

function servedOf(made: MadeCertificate): CheckedSecret {
  const { secret } = checkMaterial('tls', pair('any', made), START);
  if (secret === undefined) expect.unreachable('the pair is good');
  return { ...secret, version: servedVersion(config('a'), secret) };
}

function pair(version: string, made: MadeCertificate): SecretVersion {
  const parts = {
    certificate: SecretBytes.fromUtf8(made.chain),
    privateKey: SecretBytes.fromUtf8(made.privateKey),
  };
  return { version, parts };
}

function config(name: string, ref: unknown = { path: name }): SecretConfig {
  return { name, origin: { object: `secrets/${name}` }, kind: 'tls', store: 's', ref };
}
