import type { Looked } from '../api/ports.ts';
import type { ExplainSecretView, SecretDetailView } from '../api/secret-views.ts';
import { secretUsers } from '../config/secret-users.ts';
import { listenerSecrets } from '../fleet/plan/secrets.ts';
import type { Config, Group, Listener } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import type { SecretRefresher, SecretStatus } from '../secrets/refresh.ts';
import type { XdsServer } from '../xds/server/server.ts';
import { hostnameWarnings } from './hostname-warnings.ts';

import { iso } from './node-views.ts';
import { plainOf } from './plain.ts';
import { maySeeSecrets } from './secret-asks.ts';
import { withoutName } from './secret-words.ts';
import { unknownName } from './unknown-name.ts';

export interface SecretParts {
  readonly config: Config | undefined;
  readonly secrets: SecretRefresher;
  readonly server: Pick<XdsServer, 'streams'>;
}

/** Every secret of the config: where it comes from, how it is, whom it is served to. */
export function secretsOf(parts: SecretParts): readonly SecretDetailView[] {
  const reach = reachOf(parts);
  return parts.secrets.status().map((status) => detailOf(parts, status, reach));
}

export function explainSecretOf(parts: SecretParts, name: string): Looked<ExplainSecretView> {
  const { config } = parts;
  const secret = config?.secrets.get(name);
  const status = parts.secrets.status().find((one) => one.name === name);
  if (config === undefined || secret === undefined || status === undefined) {
    return { unknown: unknownName('secret', name, [...(config?.secrets.keys() ?? [])]) };
  }
  const reach = reachOf(parts);
  const users = secretUsers(config, name);
  const served = parts.secrets.served(name);
  return {
    found: {
      secret: detailOf(parts, status, reach),
      origin: originOf(secret.origin),
      reference: typeof secret.ref === 'object' && secret.ref !== null ? plainOf(secret.ref) : {},
      names: served?.kind === 'tls' ? served.names : [],
      usedBy: users.map(({ object, path, origin }) => ({ object, path, origin: originOf(origin) })),
      groups: groupsWith(config, name).map(({ group, listeners }) => ({
        group: group.name,
        listeners: listeners.map((one) => one.name),
        nodes: [...(reach.get(group.name)?.served ?? [])].toSorted(),
        withheld: [...(reach.get(group.name)?.withheld ?? [])].toSorted(),
      })),
      internal: users.some(({ object }) => !object.startsWith('listeners/')),
    },
  };
}

interface Reach {
  readonly served: Set<string>;
  readonly withheld: Set<string>;
}

/** The connected nodes of each group, by whether their connection may carry a secret. */
function reachOf({ server }: SecretParts): ReadonlyMap<string, Reach> {
  const reach = new Map<string, Reach>();
  for (const { stream } of server.streams()) {
    const of = reach.get(stream.key) ?? { served: new Set(), withheld: new Set() };
    reach.set(stream.key, of);
    (maySeeSecrets(stream.peer) ? of.served : of.withheld).add(stream.node.id);
  }
  return reach;
}

function detailOf(
  { config, secrets }: SecretParts,
  status: SecretStatus,
  reach: ReadonlyMap<string, Reach>,
): SecretDetailView {
  const { name, kind, store, state, version, alarm, failures } = status;
  const problem = withoutName(name, status.problem);
  const warnings = [...status.warnings, ...hostnameWarnings(config, name, secrets.served(name))];
  const groups = config === undefined ? [] : groupsWith(config, name).map(({ group }) => group.name);
  const nodes =
    state === 'absent' ? 0 : groups.reduce((sum, group) => sum + (reach.get(group)?.served.size ?? 0), 0);
  return {
    ...{ name, kind, store, state, alarm, failures, warnings, groups, nodes },
    storeKind: config?.secretStores.get(store)?.kind ?? store,
    ...(version === undefined ? {} : { version }),
    ...(problem === undefined ? {} : { error: problem }),
    ...timesOf(status),
  };
}

function timesOf({ notAfter, lastRead, lastSuccess, nextAttempt }: SecretStatus) {
  const times = { notAfter, lastRead, lastSuccess, nextRead: nextAttempt };
  return Object.fromEntries(
    Object.entries(times).flatMap(([key, at]) => (at === undefined ? [] : [[key, iso(at)]])),
  );
}

/** The groups whose listeners use it: nobody else is ever given it. */
function groupsWith(
  config: Config,
  secret: string,
): readonly { group: Group; listeners: readonly Listener[] }[] {
  return [...config.groups.values()].flatMap((group) => {
    const listeners = group.listeners.flatMap((name) => config.listeners.get(name) ?? []);
    const using = listeners.filter((listener) => listenerSecrets(listener).includes(secret));
    return using.length === 0 ? [] : [{ group, listeners: using }];
  });
}

function originOf({ object, file, line }: Origin): ExplainSecretView['origin'] {
  return { object, ...(file === undefined ? {} : { file }), ...(line === undefined ? {} : { line }) };
}
