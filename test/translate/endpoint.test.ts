import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Endpoint } from '../../src/model/instance.ts';
import { ENDPOINT_TYPE, endpointResource, loadAssignment } from '../../src/translate/endpoint.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import { configFrom } from './config.ts';

const proto = loadRegistry();
const service = [...configFrom('services: { web: { endpoints: [] } }').services.values()][0];
if (service === undefined) throw new Error('the config has one service');

const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.10', '::1'),
  port: fc.constantFrom(80, 8080),
  locality: fc.constantFrom('', 'a', 'b').map((zone) => ({ region: '', zone, subZone: '' })),
  health: fc.constantFrom('HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING'),
  weight: fc.constantFrom(undefined, 1, 7),
  priority: fc.constantFrom(0, 3, 9),
});

interface Decoded {
  readonly endpoints: readonly {
    readonly priority?: number;
    readonly locality?: { readonly zone: string };
    readonly lbEndpoints: readonly { readonly endpoint: { readonly address: object } }[];
  }[];
}

test('the order of endpoints and those that come twice leave the bytes as they are', () => {
  fc.assert(
    fc.property(fc.array(endpoint, { maxLength: 12 }), fc.integer({ min: 0, max: 11 }), (endpoints, turn) => {
      const other = [...endpoints.slice(turn), ...endpoints.slice(0, turn), ...endpoints.slice(0, 2)];
      expect(endpointResource(service, other, proto)).toEqual(endpointResource(service, endpoints, proto));
    }),
  );
});

test('priorities have no gaps, addresses come once, localities once a priority; nothing breaks a constraint', () => {
  fc.assert(
    fc.property(fc.array(endpoint, { maxLength: 12 }), (endpoints) => {
      const message = loadAssignment({ name: 'web' }, endpoints) as unknown as Decoded;
      const groups = message.endpoints;
      const priorities = [...new Set(groups.map(({ priority = 0 }) => priority))];
      expect(priorities).toEqual(priorities.map((_, index) => index));
      const places = groups.map(({ priority, locality }) => `${priority} ${locality?.zone}`);
      expect(new Set(places).size).toBe(places.length);
      const served = groups.flatMap(({ lbEndpoints }) =>
        lbEndpoints.map((lb) => JSON.stringify(lb.endpoint.address)),
      );
      expect(new Set(served).size).toBe(served.length);
      expect(served.length).toBe(new Set(endpoints.map(({ address, port }) => `${address} ${port}`)).size);
      expect(proto.violations(ENDPOINT_TYPE, message)).toEqual([]);
    }),
  );
});

test('an endpoint that breaks a constraint is left out and named, the others are served', () => {
  const good: Endpoint = {
    address: '10.0.0.1',
    port: 80,
    locality: { region: '', zone: '', subZone: '' },
    health: 'HEALTHY',
    priority: 0,
  };
  const bad = { ...good, address: '10.0.0.2', port: 70_000 };
  const resource = endpointResource(service, [bad, good], proto);
  expect(resource.version).toBe(endpointResource(service, [good], proto).version);
  expect(resource.problems).toEqual([
    expect.objectContaining({
      origin: expect.objectContaining({ object: 'services/web', file: 'muster.yaml', line: 1 }),
      message: expect.stringContaining('10.0.0.2:70000'),
    }),
  ]);
});

test('a service that a template made and that has no endpoint says so; it is no failure', () => {
  const { services } = configFrom(`
sources: { dc: { file: { paths: [x] } } }
serviceTemplates: { all: { source: dc, name: "dc-{service}" } }
listeners: { web: { port: 80 } }
httpRoutes: { r: { listeners: [web], rules: [{ backends: [{ service: dc-web }] }] } }`);
  const made = services.get('dc-web');
  if (made === undefined) throw new Error('the template made no service');
  const resource = endpointResource(made, [], proto);
  expect(resource.version).toBe(endpointResource({ ...service, name: 'dc-web' }, [], proto).version);
  expect(resource.problems).toEqual([
    {
      origin: { object: 'serviceTemplates/all', file: 'muster.yaml', line: 3 },
      path: '',
      message: 'source "dc" has no service "web" yet: requests for it get 503',
    },
  ]);
  const some: Endpoint = {
    address: '10.0.0.1',
    port: 80,
    locality: { region: '', zone: '', subZone: '' },
    health: 'DRAINING',
    priority: 0,
  };
  expect(endpointResource(made, [some], proto).problems).toEqual([]);
  expect(endpointResource(service, [], proto).problems).toEqual([]);
});

test('metadata beyond ASCII goes the long way, to the same kind of bytes', () => {
  const one: Endpoint = {
    address: '10.0.0.1',
    port: 80,
    locality: { region: '', zone: '', subZone: '' },
    health: 'HEALTHY',
    priority: 0,
    metadata: [['name', 'Zürich']],
  };
  const resource = endpointResource(service, [one], proto);
  expect(resource.problems).toEqual([]);
  expect(JSON.stringify(proto.toJson(ENDPOINT_TYPE, proto.decode(ENDPOINT_TYPE, resource.bytes)))).toContain(
    '"metadata":{"filterMetadata":{"envoy.lb":{"name":"Zürich"}}}',
  );
});
