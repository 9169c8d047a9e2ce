import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MusterError } from '../../src/errors.ts';
import type { SecretConfig } from '../../src/model/config.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { createSecretRefresher, type SecretRefresher } from '../../src/secrets/refresh.ts';
import type { CheckedSecret, SecretStore, SecretVersion } from '../../src/secrets/store.ts';
import { type ManualClock, manualClock } from '../discovery/manual-clock.ts';
import { type MadeCertificate, makeCertificate } from './certificates.ts';

const DAY = 86_400_000;
const START = Date.now();
const one = await makeCertificate({ names: ['a'], from: new Date(START), days: 10 });
const two = await makeCertificate({ names: ['a'], from: new Date(START), days: 10 });

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
  afterEach(() => {
    controller.abort();
    expect(clock.pending).toBe(0);
  });

  test('reads at once and hands on each version once', async () => {
    refresher.update([config('a')], stores());
    expect(status()).toMatchObject({ name: 'a', state: 'absent' });
    await clock.advance(0);
    expect(secrets.map(([name, { version }]) => [name, version])).toEqual([['a', 'v1']]);
    await clock.advance(120_000);
    expect(store.reads).toBe(3);
    expect(secrets).toHaveLength(1);
    expect(status()).toMatchObject({
      state: 'ok',
      version: 'v1',
      lastSuccess: START + 120_000,
      nextAttempt: START + 180_000,
    });
  });

  test('the store says when to look again, and hints', async () => {
    store.answer = { ...pair('v1', one), checkAgainMs: 5000 };
    refresher.update([config('a')], stores());
    await clock.advance(5000);
    expect(store.reads).toBe(2);
    store.answer = pair('v2', two);
    store.hint();
    await clock.advance(0);
    expect(secrets.map(([, { version }]) => version)).toEqual(['v1', 'v2']);
  });

  test('a failure keeps the last good, is told once, and backs off', async () => {
    refresher.update([config('a')], stores());
    await clock.advance(0);
    store.answer = new Error('sealed');
    await clock.advance(60_000 + 500 + 1000);
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
    await clock.advance(60_000);
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

type Answer = SecretVersion | Error | 'never' | undefined;

interface FakeStore extends SecretStore {
  answer: Answer;
  readonly reads: number;
  readonly refs: readonly unknown[];
  hint(): void;
}

function fakeStore(first: Answer): FakeStore {
  const refs: unknown[] = [];
  const watchers = new Set<() => void>();
  return {
    answer: first,
    refs,
    get reads() {
      return refs.length;
    },
    hint: () => {
      for (const changed of watchers) changed();
    },
    async read(ref) {
      refs.push(ref);
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
