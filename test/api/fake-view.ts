import { Registry } from 'prom-client';
import type { ReplicaActions, ReplicaView } from '../../src/api/ports.ts';
import type { NodeView, SnapshotView, StatusView } from '../../src/api/views.ts';
import { relabelRules } from '../../src/config/schema/relabel.ts';

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const SECRET = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
const NOON = '2026-11-21T12:00:00.000Z';

/** Stands in a place where no output may ever show it. */
export const MARKER = 'marker-key-3f9c2a';

export const TYPE_URLS = { cluster: CLUSTER, secret: SECRET };

const QUIET = { state: 'ok', held: 0, dropped: 0, restored: false, stale: false, failures: 0 } as const;

export const STATUS: StatusView = {
  version: '0.1.0',
  started: NOON,
  ready: true,
  alarms: [],
  config: {
    path: '/etc/muster/config',
    revision: 7,
    hash: 'c0ffee',
    loadedAt: NOON,
    problems: [
      {
        message: 'no such service "chekout"',
        path: 'httpRoutes.shop.rules[0].backends[0].service',
        file: 'shop.yaml',
        line: 12,
        column: 22,
        hint: 'did you mean "checkout"?',
      },
    ],
  },
  groups: [
    { name: 'edge', revision: 41, resources: { cluster: 2, secret: 1 }, nodes: 2, inSync: 1, problems: [] },
  ],
  sources: [
    {
      name: 'legacy',
      kind: 'file',
      state: 'failing',
      services: 1,
      instances: 6,
      held: 0,
      dropped: 0,
      left: 0,
      scopes: [
        { ...QUIET, scope: './legacy/a.yaml', instances: 4, ageSeconds: 3 },
        {
          ...QUIET,
          scope: './legacy/b.yaml',
          state: 'failing',
          instances: 2,
          ageSeconds: 61,
          error: 'line 3: not YAML',
          failures: 1,
        },
      ],
    },
  ],
  secrets: [{ name: 'shop-tls', kind: 'tls', state: 'ok', notAfter: '2027-01-01T00:00:00.000Z' }],
  state: { path: '/var/lib/muster', ok: true },
};

export const NODES: readonly NodeView[] = [
  {
    id: 'n1',
    group: 'edge',
    address: '127.0.0.1:50001',
    variant: 'delta',
    envoyVersion: '1.40.0',
    connectedSince: NOON,
    inSync: true,
    types: [{ type: CLUSTER, acked: '41', pending: false }],
  },
  {
    id: 'n2',
    group: 'edge',
    address: '127.0.0.1:50002',
    variant: 'sotw',
    connectedSince: NOON,
    inSync: false,
    types: [
      {
        type: CLUSTER,
        pending: false,
        nack: {
          message: 'unknown load balancer',
          at: NOON,
          objects: [{ object: 'services/checkout', file: 'shop.yaml', line: 3 }],
        },
      },
    ],
  },
];

export const SNAPSHOT: SnapshotView = {
  group: 'edge',
  revision: 41,
  resources: [
    { type: CLUSTER, name: 'checkout', version: 'aa', resource: { name: 'checkout', connectTimeout: '5s' } },
    {
      type: SECRET,
      name: 'shop-tls',
      version: 'bb',
      resource: {
        name: 'shop-tls',
        tlsCertificate: {
          certificateChain: { inlineBytes: 'UFVCTElD' },
          privateKey: { inlineBytes: MARKER },
          password: { inlineString: MARKER },
        },
      },
    },
  ],
};

/** A view over plain data; parts can be replaced. */
export function fakeView(changes: Partial<ReplicaView> = {}): ReplicaView {
  return {
    status: () => STATUS,
    sources: () => ({ found: STATUS.sources }),
    instances: () => ({ found: { total: 0, offset: 0, left: 0, instances: [] } }),
    secrets: () => [],
    explainSecret: (name) => ({ unknown: `no secret "${name}"` }),
    explain: ({ service }) => ({ unknown: `no service "${service}"` }),
    relabel: async ({ source }) => ({ unknown: `no source "${source}"` }),
    nodes: () => NODES,
    refused: () => [{ id: 'n9', address: '127.0.0.1:50009', reason: 'no group matches', at: NOON, count: 3 }],
    snapshot: (group) => (group === 'edge' ? SNAPSHOT : undefined),
    ready: () => ({ ready: true, reasons: [] }),
    ...changes,
  };
}

export const NO_ACTIONS: ReplicaActions = {
  release: (source) => ({ unknown: `no source "${source}"` }),
};

export function fakeParts(changes: Partial<ReplicaView> = {}) {
  return {
    view: fakeView(changes),
    actions: NO_ACTIONS,
    metrics: new Registry(),
    typeUrls: TYPE_URLS,
    relabelRules,
    version: '0.1.0',
  };
}
