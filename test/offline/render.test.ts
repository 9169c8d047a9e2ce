import { describe, expect, it } from 'vitest';
import type { Config, Listener, Service } from '../../src/model/config.ts';
import { NO_LOCALITY } from '../../src/model/instance.ts';
import type { HttpRoute } from '../../src/model/route.ts';
import { renderConfig } from '../../src/offline/render.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';

const origin = (object: string) => ({ object, file: 'config.yaml', line: 1 });

const SERVICE: Service = {
  name: 'hello',
  origin: origin('services/hello'),
  from: [],
  endpoints: [
    { address: '127.0.0.1', port: 9000, locality: NO_LOCALITY, health: 'HEALTHY', priority: 0, weight: 1 },
  ],
  loadBalancing: { policy: 'roundRobin' },
  connectTimeoutMs: 5000,
  protocol: 'http1',
};

const LISTENER: Listener = {
  name: 'web',
  origin: origin('listeners/web'),
  address: '127.0.0.1',
  port: 10_000,
  protocol: 'HTTP',
};

const ROUTE: HttpRoute = {
  name: 'hello',
  origin: origin('httpRoutes/hello'),
  listeners: ['web'],
  hostnames: [],
  filters: [],
  rules: [
    {
      origin: origin('httpRoutes/hello'),
      matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
      filters: [],
      backends: [{ service: 'hello', weight: 1 }],
      timeouts: {},
    },
  ],
};

const CONFIG: Config = {
  sources: new Map(),
  secretStores: new Map(),
  secrets: new Map(),
  services: new Map([['hello', SERVICE]]),
  listeners: new Map([['web', LISTENER]]),
  httpRoutes: new Map([['hello', ROUTE]]),
  groups: new Map([
    [
      'edge',
      {
        name: 'edge',
        origin: origin('groups/edge'),
        match: { cluster: 'edge', metadata: new Map() },
        listeners: ['web'],
        identities: [],
        allowEmpty: false,
      },
    ],
  ]),
  hash: 'x',
};

const render = (group: string, type?: string) =>
  renderConfig({ config: CONFIG, group, type, instancesOf: () => undefined, proto: loadRegistry() });

describe('renderConfig', () => {
  it('gives every resource in push order as canonical JSON, with its origin', () => {
    const { resources, problems } = render('edge');
    expect(problems).toEqual([]);
    expect(resources.map(({ type, name }) => `${type.slice(type.lastIndexOf('.') + 1)} ${name}`)).toEqual([
      'Cluster hello',
      'ClusterLoadAssignment hello',
      'Listener web',
      'RouteConfiguration web',
    ]);
    expect(resources[0]?.origin).toEqual([origin('services/hello')]);
    expect(JSON.stringify(resources[1]?.resource)).toContain('"portValue":9000');
  });

  it('narrows to a type by its word or its URL', () => {
    const byWord = render('edge', 'route');
    expect(byWord.resources.map(({ name }) => name)).toEqual(['web']);
    expect(render('edge', byWord.resources[0]?.type)).toEqual(byWord);
  });

  it('names the right words for a wrong type or group', () => {
    expect(() => render('edge', 'routes')).toThrow(/write one of cluster, endpoint, .*route/);
    expect(() => render('egde')).toThrow('no group "egde"; the config has edge');
  });
});
