import { onTestFinished } from 'vitest';
import { valueRef } from '../../../src/secrets/aws-secrets-manager/refs.ts';
import { awsStoreOptions } from '../../../src/secrets/aws-secrets-manager/schema.ts';
import { createAwsStore } from '../../../src/secrets/aws-secrets-manager/store.ts';
import { createSecretRefresher, type SecretStatus } from '../../../src/secrets/refresh.ts';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { type ManualClock, manualClock } from '../../discovery/manual-clock.ts';
import { type FakeAws, fakeAws } from './fake-calls.ts';

const NOW = Date.UTC(2026, 0, 1);

/** A store over the fake, kept fresh as muster does it, on a clock of the test's. */
export interface Refreshed {
  readonly clock: ManualClock;
  readonly store: SecretStore;
  /** By name, the newest value. */
  readonly served: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  status(name: string): SecretStatus;
}

/** Refreshes one value for each reference, until the test ends. */
export function refreshed(aws: FakeAws, refs: Readonly<Record<string, object>>): Refreshed {
  const clock = manualClock(NOW);
  const random = (): number => 0.5;
  const options = awsStoreOptions.parse({ region: 'eu-west-1', interval: '60s' });
  const store = createAwsStore(options, { name: 'aws', baseDir: '.' }, { open: aws.open, clock, random });
  const served = new Map<string, string>();
  const warnings: string[] = [];
  const end = new AbortController();
  const refresher = createSecretRefresher({
    onSecret: (name, secret) => {
      if (secret.kind === 'value') served.set(name, Buffer.from(secret.value.reveal()).toString());
    },
    onProblem: () => undefined,
    onWarning: (name, warning) => warnings.push(`${name}: ${warning}`),
    clock,
    random,
    signal: end.signal,
  });
  const origin = { object: 'secrets', file: 'a.yaml', line: 1, column: 1 };
  const secrets = Object.entries(refs).map(
    ([name, ref]) => ({ name, kind: 'value', store: 'aws', ref: valueRef.parse(ref), origin }) as const,
  );
  refresher.update(secrets, new Map([['aws', store]]));
  onTestFinished(async () => {
    end.abort();
    await store.close?.();
  });
  const status = (name: string): SecretStatus => {
    const found = refresher.status().find((one) => one.name === name);
    if (found === undefined) throw new Error(`no secret ${name}`);
    return found;
  };
  return { clock, store, served, warnings, status };
}

/** So many secrets `s0`, `s1`, with a reference for each. */
export function many(count: number): { readonly aws: FakeAws; readonly refs: Record<string, object> } {
  const aws = fakeAws();
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  for (const name of names) aws.put(name, `${name}-v1`, `${name} one`);
  return { aws, refs: Object.fromEntries(names.map((name) => [name, { name }])) };
}

export const countOf = (asked: readonly string[], action: string): number =>
  asked.filter((line) => line.startsWith(action)).length;
