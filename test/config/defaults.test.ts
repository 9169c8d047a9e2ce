import { expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/model/config.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

const BASE = `secrets: { a: { tls: { bundle: a.pem } } }
services:
  web: { endpoints: ["127.0.0.1:9000"] }
`;

function configOf(text: string): Config {
  const { config, problems } = parseConfig([{ path: 'a.yaml', text: BASE + text }], VOCABULARY);
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error('no problems and no config');
  return config;
}

function rule(written: string) {
  const listeners = 'listeners: { main: { port: 1 } }';
  const text = `${listeners}\nhttpRoutes: { r: { listeners: [main], rules: [{ backends: [{ service: web }], ${written} }] } }`;
  return configOf(text).httpRoutes.get('r')?.rules[0];
}

function filter(written: string): unknown {
  return rule(`filters: [{ ${written} }]`)?.filters[0]?.config;
}

test('a listener: HTTP on every address, TLS 1.2 and 1.3, h2 before http/1.1', () => {
  const config = configOf(`listeners:
  plain: { port: 80 }
  secure: { port: 443, protocol: HTTPS, tls: { certificates: [{ secret: a }] } }
`);
  expect(config.listeners.get('plain')).toMatchObject({ address: '0.0.0.0', protocol: 'HTTP' });
  expect(config.listeners.get('plain')).not.toHaveProperty('redirectToHttps');
  expect(config.listeners.get('secure')?.tls).toEqual({
    certificates: [{ secret: 'a', hostnames: [] }],
    minVersion: '1.2',
    maxVersion: '1.3',
    alpn: ['h2', 'http/1.1'],
  });
});

test.each([
  ['true', { port: 443, statusCode: 301 }],
  ['{}', { port: 443, statusCode: 301 }],
  ['{ port: 8443 }', { port: 8443, statusCode: 301 }],
  ['{ statusCode: 308 }', { port: 443, statusCode: 308 }],
])('redirectToHttps: %s', (written, expected) => {
  const config = configOf(`listeners: { main: { port: 80, redirectToHttps: ${written} } }`);
  expect(config.listeners.get('main')?.redirectToHttps).toEqual(expected);
});

test.each([
  ['{ roundRobin: {} }', { policy: 'roundRobin' }],
  ['{ leastRequest: {} }', { policy: 'leastRequest', choices: 2 }],
  ['{ leastRequest: { choices: 5 } }', { policy: 'leastRequest', choices: 5 }],
])('loadBalancing: %s', (written, expected) => {
  const config = configOf(`  s: { endpoints: [], loadBalancing: ${written} }`);
  expect(config.services.get('s')?.loadBalancing).toEqual(expected);
});

test('a service: 5s to connect, HTTP/1.1, endpoints healthy, of priority 0, nowhere', () => {
  const config = configOf('  s: { endpoints: ["10.0.0.1:80", { address: "10.0.0.2:80" }] }');
  const endpoint = {
    port: 80,
    locality: { region: '', zone: '', subZone: '' },
    health: 'HEALTHY',
    priority: 0,
  };
  expect(config.services.get('s')).toEqual({
    name: 's',
    origin: { object: 'services/s', file: 'a.yaml', line: 4 },
    endpoints: [
      { address: '10.0.0.1', ...endpoint },
      { address: '10.0.0.2', ...endpoint },
    ],
    from: [],
    loadBalancing: { policy: 'roundRobin' },
    connectTimeoutMs: 5000,
    protocol: 'http1',
  });
});

test('endpoints from a source: all of it, on its only port', () => {
  const config = configOf('  s: { from: [{ source: f }] }\nsources: { f: { file: { paths: [x] } } }');
  expect(config.services.get('s')?.from).toEqual([
    { source: 'f', where: new Map(), port: { kind: 'default' }, priority: 0 },
  ]);
  expect(config.sources.get('f')).toMatchObject({ kind: 'file', options: { paths: ['x'], reread: 60_000 } });
});

test('a rule: every request, no timeout of its own, no retry', () => {
  expect(rule('')).toEqual({
    matches: [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }],
    filters: [],
    backends: [{ service: 'web', weight: 1 }],
    timeouts: {},
    origin: { object: 'httpRoutes/r', file: 'a.yaml', line: 5 },
  });
});

test.each([
  ['[]', [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }]],
  ['[{}]', [{ path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] }]],
  ['[{ path: /a }]', [{ path: { type: 'PathPrefix', value: '/a' }, headers: [], queryParams: [] }]],
  [
    '[{ path: { value: /a } }]',
    [{ path: { type: 'PathPrefix', value: '/a' }, headers: [], queryParams: [] }],
  ],
  [
    '[{ headers: [{ name: X-A, value: b }], queryParams: [{ name: Q, value: c }] }]',
    [
      {
        path: { type: 'PathPrefix', value: '/' },
        headers: [{ type: 'Exact', name: 'x-a', value: 'b' }],
        queryParams: [{ type: 'Exact', name: 'Q', value: 'c' }],
      },
    ],
  ],
])('matches: %s', (written, expected) => {
  expect(rule(`matches: ${written}`)?.matches).toEqual(expected);
});

test.each([
  ['{}', { attempts: 1, on: ['connect-failure', 'refused-stream'], codes: [] }],
  ['{ attempts: 3, codes: [503] }', { attempts: 3, on: ['connect-failure', 'refused-stream'], codes: [503] }],
  [
    '{ on: [], backoff: { base: 25ms } }',
    { attempts: 1, on: [], codes: [], backoff: { baseMs: 25, maxMs: undefined } },
  ],
])('retry: %s', (written, expected) => {
  expect(rule(`retry: ${written}`)?.retry).toEqual(expected);
});

test('0s turns a timeout off, which is not the same as leaving it out', () => {
  expect(rule('timeouts: { request: 0s, backendRequest: 3s }')?.timeouts).toEqual({
    requestMs: 0,
    backendRequestMs: 3000,
  });
  expect(rule('timeouts: {}')?.timeouts).toEqual({});
});

test.each([
  ['requestRedirect: {}', { statusCode: 302 }],
  [
    'cors: { allowOrigins: ["*"] }',
    {
      allowOrigins: ['*'],
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      maxAge: '5s',
      allowCredentials: false,
    },
  ],
  ['requestHeaderModifier: {}', { set: [], add: [], remove: [] }],
  ['directResponse: { status: 204 }', { status: 204 }],
])('the filter %s', (written, expected) => {
  expect(filter(written)).toEqual(expected);
});

test('a group: the cluster of its own name, no identities, not to be emptied', () => {
  const config = configOf('groups: { edge: { listeners: [] }, by-id: { match: { id: n1 }, listeners: [] } }');
  expect(config.groups.get('edge')).toMatchObject({
    match: { cluster: 'edge', metadata: new Map() },
    identities: [],
    allowEmpty: false,
  });
  expect(config.groups.get('by-id')?.match).toEqual({ id: 'n1', metadata: new Map() });
});

test('a secret is in the built-in store, whose options a config may give', () => {
  const over = configOf('secretStores: { file: { file: { directory: /etc/certs } } }');
  expect(over.secrets.get('a')).toMatchObject({ kind: 'tls', store: 'file', ref: { bundle: 'a.pem' } });
  expect(over.secretStores.get('file')).toMatchObject({ kind: 'file', options: { directory: '/etc/certs' } });
  expect(configOf('').secretStores.size).toBe(0);
});
