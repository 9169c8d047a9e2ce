import type { ReplicaView } from '../api/ports.ts';
import type {
  GroupView,
  ReadinessView,
  ResourceView,
  SecretView,
  SnapshotView,
  StatusView,
} from '../api/views.ts';
import type { Problem } from '../errors.ts';
import type { Builder } from '../fleet/build.ts';
import type { NodeRegistry } from '../fleet/nodes.ts';
import type { FleetState } from '../fleet/state/state.ts';
import type { BuildProblem } from '../fleet/translation.ts';
import type { World } from '../fleet/world.ts';
import type { Config } from '../model/config.ts';
import type { SecretRefresher, SecretStatus } from '../secrets/refresh.ts';
import type { SnapshotCache } from '../xds/cache.ts';
import type { ProtoRegistry } from '../xds/proto/registry.ts';
import type { XdsServer } from '../xds/server/server.ts';
import { PUSH_ORDER } from '../xds/type-urls.ts';
import { alarmsOf } from './alarm-views.ts';
import { typeWord } from './node-port.ts';
import { isInSync, iso, nodesOf } from './node-views.ts';
import type { ConfigFacts } from './running-config.ts';
import { explainSecretOf, secretsOf } from './secret-views.ts';
import { withoutName } from './secret-words.ts';
import { createSourceView } from './source-view.ts';
import { sourcesOf } from './source-views.ts';

/** The whole list is at /v1/sources. */
const SCOPES_IN_STATUS = 200;

interface Shown {
  readonly config: Config | undefined;
  readonly facts: ConfigFacts;
  readonly stateDir: string | undefined;
  readonly world: World;
  readonly builder: Builder;
  readonly nodes: NodeRegistry;
  readonly secrets: SecretRefresher;
  readonly state: FleetState;
  readonly cache: SnapshotCache;
  readonly server: XdsServer;
}

interface ViewFacts {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly started: number;
  readonly proto: ProtoRegistry;
}

interface ViewParts extends ViewFacts {
  readonly replica: Shown;
}

/** A running replica as the API shows it, read from its parts at the moment of asking. */
export function createView(replica: Shown, facts: ViewFacts): ReplicaView {
  const parts: ViewParts = { ...facts, replica };
  return {
    status: () => statusOf(parts),
    ...createSourceView(replica),
    secrets: () => secretsOf(replica),
    explainSecret: (name) => explainSecretOf(replica, name),
    nodes: () => nodesOf(replica.server.streams(), replica.nodes),
    refused: () =>
      parts.replica.nodes.turnedAway().map(({ at, ...refused }) => ({ ...refused, at: iso(at) })),
    snapshot: (group, typeUrl) => snapshotOf(parts, group, typeUrl),
    ready: () => readiness(parts),
  };
}

function statusOf(parts: ViewParts): StatusView {
  const config = parts.replica.config;
  const { path, revision, loadedAt, restored, problems } = parts.replica.facts;
  const state = parts.replica.state.health();
  return {
    version: parts.version,
    started: iso(parts.started),
    ready: readiness(parts).ready,
    alarms: alarmsOf(parts.replica, Date.now()),
    config: {
      path,
      revision,
      hash: config?.hash ?? '',
      loadedAt: iso(loadedAt),
      ...(restored ? { restored } : {}),
      problems: problems.map(defined),
    },
    groups: [...(config?.groups.keys() ?? [])].toSorted().map((name) => groupOf(parts, name)),
    sources: sourcesIn(parts.replica),
    secrets: parts.replica.secrets.status().map((status) => secretOf(config, status)),
    state: {
      path: parts.replica.stateDir ?? 'none: nothing is kept over a restart',
      ok: state.ok,
      ...(state.error === undefined ? {} : { error: state.error }),
    },
  };
}

function groupOf(parts: ViewParts, name: string): GroupView {
  const status = parts.replica.builder.status(name);
  const streams = parts.replica.server.streams().filter(({ stream }) => stream.key === name);
  const counts = Object.entries(status?.counts ?? {}).map(([typeUrl, count]) => [typeWord(typeUrl), count]);
  return {
    name,
    revision: status?.revision ?? 0,
    resources: Object.fromEntries(counts),
    nodes: streams.length,
    inSync: streams.filter(isInSync).length,
    problems: (status?.problems ?? []).map(buildProblem),
  };
}

function sourcesIn(replica: Shown): StatusView['sources'] {
  const looked = sourcesOf(replica, { limit: SCOPES_IN_STATUS }, Date.now());
  return 'found' in looked ? looked.found : [];
}

function secretOf(config: Config | undefined, status: SecretStatus): SecretView {
  const { name, state, notAfter } = status;
  const problem = withoutName(name, status.problem);
  return {
    name,
    kind: config?.secrets.get(name)?.kind ?? 'value',
    state: state === 'expiring' ? 'ok' : state,
    ...(notAfter === undefined ? {} : { notAfter: iso(notAfter) }),
    ...(problem === undefined ? {} : { error: problem }),
  };
}

function snapshotOf(parts: ViewParts, group: string, typeUrl: string | undefined): SnapshotView | undefined {
  const snapshot = parts.replica.cache.get(group);
  if (snapshot === undefined) return undefined;
  const resources = [...parts.replica.builder.resources(group)]
    .filter((resource) => typeUrl === undefined || resource.typeUrl === typeUrl)
    .toSorted((a, b) => rank(a.typeUrl) - rank(b.typeUrl) || (a.name < b.name ? -1 : 1))
    .map(({ typeUrl: type, name, version, origins, bytes }): ResourceView => {
      const message = type.slice(type.lastIndexOf('/') + 1);
      const resource = parts.proto.toJson(message, parts.proto.decode(message, bytes), { redact: true });
      return { type, name, version, origin: origins, resource };
    });
  return { group, revision: snapshot.revision, resources };
}

function readiness(parts: ViewParts): ReadinessView {
  const groups = [...(parts.replica.config?.groups.keys() ?? [])];
  const reasons = groups
    .filter((name) => parts.replica.cache.get(name) === undefined)
    .map((name) => `group "${name}" has no snapshot yet`);
  return { ready: reasons.length === 0, reasons };
}

function buildProblem({ origin, message }: BuildProblem): GroupView['problems'][number] {
  return defined({ message, path: origin.object, file: origin.file, line: origin.line });
}

function defined(problem: Problem): StatusView['config']['problems'][number] {
  const { message, path, file, line, column, hint } = problem;
  return {
    message,
    path,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function rank(typeUrl: string): number {
  const at = PUSH_ORDER.indexOf(typeUrl);
  return at < 0 ? PUSH_ORDER.length : at;
}
