import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../src/config/load.ts';
import type { Vocabulary } from '../../src/config/vocabulary.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

const BASE = `sources: { dc: { file: { paths: [x] } } }
listeners: { main: { port: 80 } }
groups: { edge: { listeners: [main] } }
`;

function parsed(text: string, vocabulary: Vocabulary = VOCABULARY) {
  return parseConfig([{ path: 'a.yaml', text: BASE + text }], vocabulary);
}

const routes = (...names: readonly string[]): string =>
  `httpRoutes: { r: { listeners: [main], rules: [{ backends: [${names.map((name) => `{ service: ${name} }`).join(', ')}] }] } }\n`;

test('a reference that fits a template makes a service of it, with its settings, once', () => {
  const { config, problems, warnings } = parsed(`serviceTemplates:
  everything:
    source: dc
    name: "consul-{service}-dc1"
    where: { public: true }
    port: { name: http }
    weight: 7
    zone: a
    protocol: http2
    connectTimeout: 1s
    metadata: { version: v }
    failover: { zones: [a] }
${routes('consul-web-dc1', 'consul-api-dc1', 'consul-web-dc1')}`);
  expect([problems, warnings]).toEqual([[], []]);
  expect([...(config?.services.keys() ?? [])].sort()).toEqual(['consul-api-dc1', 'consul-web-dc1']);
  expect(config?.services.get('consul-web-dc1')).toEqual({
    name: 'consul-web-dc1',
    origin: { object: 'serviceTemplates/everything', file: 'a.yaml', line: 5 },
    template: 'everything',
    endpoints: [],
    from: [
      {
        source: 'dc',
        service: 'web',
        where: new Map([['public', { equals: 'true' }]]),
        port: { kind: 'named', name: 'http' },
        weight: { kind: 'constant', weight: 7 },
        locality: { zone: 'a' },
        priority: 0,
      },
    ],
    loadBalancing: { policy: 'roundRobin' },
    connectTimeoutMs: 1000,
    protocol: 'http2',
    metadata: new Map([['version', ['v']]]),
    failover: { by: 'zone', order: ['a'] },
  });
});

test('a service that is written wins over a template that would make it', () => {
  const { config } = parsed(
    `serviceTemplates: { all: { source: dc, name: "c-{service}" } }\nservices: { c-web: { endpoints: [] } }\n${routes('c-web', 'c-api')}`,
  );
  expect(config?.services.get('c-web')).not.toHaveProperty('template');
  expect(config?.services.get('c-api')).toHaveProperty('template', 'all');
});

test('the hash follows what templates make, not where or whether unused ones are written', () => {
  const hash = (templates: string): string | undefined =>
    parsed(`serviceTemplates: ${templates}\n${routes('c-web')}`).config?.hash;
  const one = hash('{ all: { source: dc, name: "c-{service}" } }');
  expect(
    hash('{ other: { source: dc, name: "o-{service}" }, all: { source: dc, name: "c-{service}" } }'),
  ).toBe(one);
  expect(hash('{ all: { source: dc, name: "c-{service}", protocol: http2 } }')).not.toBe(one);
});

const dns = z.strictObject({
  names: z.array(z.string().regex(/^[a-z.]+:[0-9]+$/, 'expected "name:port"')).min(1),
  type: z.literal('A+AAAA'),
});
const WITH_DNS: Vocabulary = {
  ...VOCABULARY,
  sources: new Map([...VOCABULARY.sources, ['dns', { schema: dns }]]),
};
const NAMES = 'endpoints: ["api.example.com:443", "10.0.0.1:443", "b.example.com:80"]';

test('resolve: muster adds a source that no name of the user can collide with, and asks it', () => {
  const { config, problems, warnings } = parsed(
    `services: { ext: { ${NAMES}, resolve: muster, from: [{ source: dc }] } }\n${routes('ext')}`,
    WITH_DNS,
  );
  expect([problems, warnings]).toEqual([[], []]);
  expect(config?.sources.get('dns/ext')).toEqual({
    name: 'dns/ext',
    origin: { object: 'services/ext', file: 'a.yaml', line: 4 },
    kind: 'dns',
    options: { names: ['api.example.com:443', 'b.example.com:80'], type: 'A+AAAA' },
    relabel: [],
    allowAddresses: [],
  });
  const service = config?.services.get('ext');
  expect(service?.from.map(({ source }) => source)).toEqual(['dc', 'dns/ext']);
  expect(service?.endpoints.map(({ address }) => address)).toEqual(['10.0.0.1']);
});

test('resolve: muster without a resolver, or with a name that it refuses, is a problem with its place', () => {
  const without: Vocabulary = {
    ...VOCABULARY,
    sources: new Map([...VOCABULARY.sources].filter(([kind]) => kind !== 'dns')),
  };
  const services = `services: { ext: { ${NAMES}, resolve: muster } }\n${routes('ext')}`;
  expect(parsed(services, without).problems).toMatchObject([
    {
      path: 'services.ext.resolve',
      line: 4,
      message: expect.stringContaining('needs the kind of source dns'),
    },
  ]);
  expect(parsed(services.replace('api.', 'api-1.'), WITH_DNS).problems).toMatchObject([
    { path: 'services.ext.endpoints', line: 4, message: 'expected "name:port"' },
  ]);
});

test('resolve: envoy keeps names and addresses for the cluster, and selects nothing', () => {
  const { config, problems } = parsed(`services: { ext: { ${NAMES}, resolve: envoy } }\n${routes('ext')}`);
  expect(problems).toEqual([]);
  const service = config?.services.get('ext');
  expect(service?.hosts?.map(({ address, port }) => `${address}:${port}`)).toEqual([
    'api.example.com:443',
    '10.0.0.1:443',
    'b.example.com:80',
  ]);
  expect([service?.from, service?.endpoints]).toEqual([[], []]);
  expect([...(config?.sources.keys() ?? [])]).toEqual(['dc']);
});

test('labels of inline endpoints become the metadata that the service chooses', () => {
  const { config } = parsed(`services:
  web:
    endpoints: [{ address: "10.0.0.1:1", labels: { b: 2, v: one } }, { address: "10.0.0.2:1", labels: { w: x } }, "10.0.0.3:1"]
    metadata: { z: [missing, v], a: b }
${routes('web')}`);
  expect(config?.services.get('web')?.endpoints.map(({ metadata }) => metadata)).toEqual([
    [
      ['a', '2'],
      ['z', 'one'],
    ],
    undefined,
    undefined,
  ]);
});
