import { parseConfig } from '../../src/config/load.ts';
import type { HeldService, ScopeCounters, ScopeStatus, SeenInstance } from '../../src/fleet/seen.ts';
import type { Config } from '../../src/model/config.ts';
import { type Instance, NO_LOCALITY } from '../../src/model/instance.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

/** 2026-11-21T12:00:00Z: what the tests here call now. */
export const NOON = Date.UTC(2026, 10, 21, 12);

export function scopeStatus(changes: Partial<ScopeStatus> = {}): ScopeStatus {
  return {
    scope: 'a.yaml',
    state: 'ok',
    instances: 0,
    held: 0,
    dropped: 0,
    at: NOON - 3_000,
    error: undefined,
    failures: 0,
    nextAttempt: undefined,
    heldSince: undefined,
    heldUntil: undefined,
    stale: false,
    restored: false,
    ...changes,
  };
}

export function instance(id: string, changes: Partial<Instance> = {}): Instance {
  return {
    id,
    address: '10.0.0.1',
    ports: { '': 80 },
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    labels: {},
    ...changes,
  };
}

export function seenInstance(id: string, changes: Partial<SeenInstance> = {}): SeenInstance {
  const seen = instance(id);
  return { source: 'vms', scope: 'a.yaml', seen, used: seen, dropped: undefined, held: false, ...changes };
}

export interface WorldFacts {
  readonly scopes?: Readonly<Record<string, readonly ScopeStatus[]>>;
  readonly seen?: readonly SeenInstance[];
  readonly held?: readonly HeldService[];
  readonly counters?: Readonly<Record<string, Readonly<Record<string, ScopeCounters>>>>;
  /** Sources that have answered; by default those that have scopes. */
  readonly known?: readonly string[];
}

/** A world of plain facts, which the views read and nothing else. */
export function fakeWorld({ scopes = {}, seen = [], held = [], counters = {}, known }: WorldFacts = {}) {
  return {
    scopes: (source: string) => scopes[source] ?? [],
    seen: function* (source: string): Generator<SeenInstance, void, void> {
      yield* seen.filter((one) => one.source === source);
    },
    heldServices: () => held,
    counters: (source: string) => new Map(Object.entries(counters[source] ?? {})),
    isKnown: (source: string) => (known ?? Object.keys(scopes)).includes(source),
    endpoints: () => ({ endpoints: [], known: true }),
  };
}

/** A config with these parts; services by what they select from. */
export function configOf(parts: object): Config {
  const { config, problems } = parseConfig([{ path: 'c.yaml', text: JSON.stringify(parts) }], VOCABULARY);
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('; '));
  return config;
}

const FILE = { file: { paths: ['./a.yaml'] } };

/** Sources `vms`, which service `web` selects from, and `spare`, which none does. */
export const CONFIG = configOf({
  sources: { vms: FILE, spare: FILE },
  services: { web: { from: [{ source: 'vms', service: 'web' }] } },
});
