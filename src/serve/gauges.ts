import type { FleetState } from '../fleet/state/state.ts';
import type { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import type { SecretRefresher, SecretStatus } from '../secrets/refresh.ts';
import type { SnapshotCache } from '../xds/cache.ts';
import type { XdsServer } from '../xds/server/server.ts';
import type { Gauges } from './metrics.ts';
import type { NodeAccess } from './node-access.ts';
import type { ConfigFacts } from './running-config.ts';
import { scopeFigures } from './scope-figures.ts';
import { sourcesOf } from './source-views.ts';

interface Measured {
  readonly config: Config | undefined;
  readonly facts: ConfigFacts;
  readonly server: XdsServer;
  readonly cache: SnapshotCache;
  readonly world: World;
  readonly state: FleetState;
  readonly secrets: SecretRefresher;
}

/** What is not there is 0, so that alerts have something to compare. */
const ZERO_ALARMS = ['none', 'warn', 'page', 'expired'].map((alarm) => [alarm, 0] as const);

/** What metrics read from a replica at the moment they are asked for. */
export function createGauges(replica: Measured, access: NodeAccess): Gauges {
  const figures = scopeFigures();
  return {
    nodes: () => countBy(replica.server.streams().map(({ stream }) => stream.key)),
    revisions: () => new Map(replica.cache.keys().map((key) => [key, replica.cache.get(key)?.revision ?? 0])),
    sourceAges: () => sourceAges(replica, Date.now()),
    sourceStates: () => sourceStates(replica),
    scopes: () => figures(replica, Date.now()),
    heldServices: () => new Map(replica.world.heldServices().map(({ service, held }) => [service, held])),
    secrets: () => countBy(replica.secrets.status().map(({ state }) => state)),
    secretAlarms: () =>
      new Map([...ZERO_ALARMS, ...countBy(replica.secrets.status().map(({ alarm }) => alarm))]),
    secretEnds: () => secretEnds(replica.secrets.status()),
    configProblems: () => replica.facts.problems.length,
    stateOk: () => replica.state.health().ok,
    nodeFilesOk: () => access.filesOk(),
    nodeTlsExpiry: () => access.tlsExpiry(),
  };
}

function sourceAges({ config, world }: Measured, now: number): ReadonlyMap<string, number> {
  const names = [...(config?.sources.keys() ?? [])];
  return new Map(
    names.map((name) => {
      const oldest = Math.min(now, ...world.scopes(name).map(({ at }) => at ?? now));
      return [name, (now - oldest) / 1000];
    }),
  );
}

function sourceStates(replica: Measured): ReadonlyMap<string, string> {
  const looked = sourcesOf(replica, { limit: 0 }, Date.now());
  return new Map('unknown' in looked ? [] : looked.found.map(({ name, state }) => [name, state]));
}

function secretEnds(secrets: readonly SecretStatus[]): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { store, notAfter } of secrets) {
    if (notAfter === undefined) continue;
    ends.set(store, Math.min(ends.get(store) ?? Number.POSITIVE_INFINITY, notAfter / 1000));
  }
  return ends;
}

function countBy(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
