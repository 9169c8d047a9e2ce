import type { Config, Group } from '../model/config.ts';

/** What decides a node's group, taken from its first message. */
export interface NodeIdentity {
  readonly id: string;
  readonly cluster: string;
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** How the node came in: what its certificate says, if it has one. */
export interface NodePeer {
  readonly loopback: boolean;
  readonly encrypted: boolean;
  readonly uriSans: readonly string[];
}

export interface GroupRules {
  /** Trust domain of `spiffe://<trust domain>/group/<group>/node/<id>`; undefined: only exact identities. */
  readonly trustDomain?: string | undefined;
  /** Plaintext from beyond loopback is let in (and is served no secret). */
  readonly allowPlaintext: boolean;
}

/** `identity`: what the certificate says admits to no group, or not this node. */
type GroupRefusalReason = 'plaintext' | 'identity' | 'no-group';

export interface GroupRefusal {
  readonly refused: string;
  readonly reason: GroupRefusalReason;
}

export type GroupDecision = { readonly group: string } | GroupRefusal;

/** The group of a node, or why it has none, in words for the node's operator (design: groups). */
export function decideGroup(
  config: Config,
  node: NodeIdentity,
  peer: NodePeer,
  rules: GroupRules,
): GroupDecision {
  if (!peer.encrypted && !peer.loopback && !rules.allowPlaintext) {
    return denied(
      'plaintext',
      `plaintext xDS from beyond loopback is off: give the node port a certificate (nodeTls), or allow it with allowPlaintext`,
    );
  }
  const admitted = peer.encrypted
    ? admittedGroups(config, node, peer, rules)
    : { groups: [...config.groups.values()] };
  if ('refused' in admitted) return admitted;
  const matching = admitted.groups.filter((group) => matches(group, node));
  const [only, second] = matching;
  if (only === undefined) return denied('no-group', noGroupText(config, node, peer));
  if (second === undefined) return { group: only.name };
  const names = matching.map((group) => `"${group.name}"`).join(' and ');
  return denied('no-group', `node "${node.id}" belongs to more than one group: ${names}; narrow their match`);
}

function admittedGroups(
  config: Config,
  node: NodeIdentity,
  peer: NodePeer,
  rules: GroupRules,
): { readonly groups: readonly Group[] } | GroupRefusal {
  const [san, another] = peer.uriSans;
  if (san === undefined || another !== undefined) {
    return denied(
      'identity',
      `the client certificate must have exactly one URI SAN, it has ${peer.uriSans.length}`,
    );
  }
  const listed = [...config.groups.values()].filter((group) => group.identities.includes(san));
  if (listed.length > 0) return { groups: listed };
  const named = parseSpiffe(san, rules.trustDomain);
  const group = named === undefined ? undefined : config.groups.get(named.group);
  if (named === undefined || group === undefined) {
    return denied('identity', `the certificate's identity ${san} names no group of this config`);
  }
  if (named.node !== node.id) {
    return denied(
      'identity',
      `the certificate is for node "${named.node}", the node calls itself "${node.id}"`,
    );
  }
  return { groups: [group] };
}

/** Compared segment by segment: no prefix, pattern or decoding (an encoded slash stays encoded). */
function parseSpiffe(
  san: string,
  trustDomain: string | undefined,
): { group: string; node: string } | undefined {
  const [scheme, empty, domain, groupWord, group, nodeWord, node, rest] = san.split('/');
  if (scheme !== 'spiffe:' || empty !== '' || trustDomain === undefined || domain !== trustDomain)
    return undefined;
  if (groupWord !== 'group' || nodeWord !== 'node' || rest !== undefined) return undefined;
  return group && node ? { group, node } : undefined;
}

function matches(group: Group, node: NodeIdentity): boolean {
  const { id, cluster, locality, metadata } = group.match;
  return (
    holds(id, node.id) &&
    holds(cluster, node.cluster) &&
    holds(locality?.region, node.region) &&
    holds(locality?.zone, node.zone) &&
    holds(locality?.subZone, node.subZone) &&
    [...metadata].every(([path, wanted]) => metadataValue(node.metadata, path) === wanted)
  );
}

function holds(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted === actual;
}

function metadataValue(metadata: Readonly<Record<string, unknown>>, path: string): string | undefined {
  if (Object.hasOwn(metadata, path)) return scalar(metadata[path]);
  let value: unknown = metadata;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return scalar(value);
}

function scalar(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function noGroupText(config: Config, node: NodeIdentity, peer: NodePeer): string {
  const groups = [...config.groups.keys()].map((name) => `"${name}"`).join(', ') || 'none';
  const claim = peer.encrypted ? 'its certificate allows no other' : `groups: ${groups}`;
  return `node "${node.id}" (cluster "${node.cluster}") matches no group (${claim}); set --service-cluster or the group's match`;
}

function denied(reason: GroupRefusalReason, refused: string): GroupRefusal {
  return { refused, reason };
}
