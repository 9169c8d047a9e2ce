import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/errors.ts';
import { VOCABULARY } from './vocabulary.ts';

const SMALL = `services: { hello: { endpoints: ["127.0.0.1:9000", "[::1]:9001"] } }
listeners: { web: { port: 10000 } }
httpRoutes: { hello: { listeners: [web], rules: [ { backends: [ { service: hello } ] } ] } }
groups: { edge: { listeners: [web] } }
`;

function problemsOf(text: string): string[] {
  const { config, problems } = parseConfig([{ path: 'a.yaml', text }], VOCABULARY);
  expect(config === undefined, 'config and problems exclude each other').toBe(problems.length > 0);
  return problems.map(formatProblem);
}

describe('the language', () => {
  it('fills in every default of the smallest config', () => {
    const { config, problems, warnings } = parseConfig([{ path: 'a.yaml', text: SMALL }], VOCABULARY);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(config?.services.get('hello')).toMatchObject({
      connectTimeoutMs: 5000,
      protocol: 'http1',
      loadBalancing: { policy: 'roundRobin' },
      from: [],
      endpoints: [
        { address: '127.0.0.1', port: 9000, health: 'HEALTHY', priority: 0 },
        { address: '::1', port: 9001 },
      ],
      origin: { object: 'services/hello', file: 'a.yaml', line: 1 },
    });
    expect(config?.listeners.get('web')).toMatchObject({ address: '0.0.0.0', protocol: 'HTTP' });
    expect(config?.httpRoutes.get('hello')?.rules[0]).toMatchObject({
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      backends: [{ service: 'hello', weight: 1 }],
      origin: { object: 'httpRoutes/hello', line: 3 },
    });
    expect(config?.groups.get('edge')).toMatchObject({
      match: { cluster: 'edge' },
      allowEmpty: false,
      identities: [],
    });
  });

  it('reads every form of where and port', () => {
    const text = `sources: { s: { file: { paths: [x] } } }
services:
  a: { from: [ { source: s, where: { v: true, l: [a, b], n: { not: c }, e: { exists: false }, m: { matches: "^a+$" } }, port: { label: p, default: 80 } } ] }
  b: { from: [ { source: s, port: { name: http } }, { source: s, port: 8080 } ] }
`;
    const { config, problems } = parseConfig([{ path: 'a.yaml', text }], VOCABULARY);
    expect(problems).toEqual([]);
    const from = config?.services.get('a')?.from[0];
    expect(Object.fromEntries(from?.where ?? [])).toEqual({
      v: { equals: 'true' },
      l: { oneOf: ['a', 'b'] },
      n: { not: { equals: 'c' } },
      e: { exists: false },
      m: { matches: '^a+$' },
    });
    expect(from?.port).toEqual({ kind: 'label', label: 'p', fallback: 80 });
    expect(config?.services.get('b')?.from.map((part) => part.port)).toEqual([
      { kind: 'named', name: 'http' },
      { kind: 'constant', port: 8080 },
    ]);
  });

  it('has one hash whatever the order of keys and files', () => {
    const lines = SMALL.trim().split('\n');
    const files = lines.map((text, index) => ({ path: `${9 - index}.yaml`, text }));
    const hash = parseConfig([{ path: 'a.yaml', text: SMALL }], VOCABULARY).config?.hash;
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(parseConfig(files, VOCABULARY).config?.hash).toBe(hash);
    expect(
      parseConfig([{ path: 'a.yaml', text: SMALL.replace('10000', '10001') }], VOCABULARY).config?.hash,
    ).not.toBe(hash);
  });
});

describe('problems', () => {
  it('gives all at once, with places and the nearest right names', () => {
    const text = `services: { checkout: { endpoint: ["127.0.0.1:9000"] } }
listeners: { web: { port: 70000 } }
httpRoutes:
  shop:
    listeners: [wbe]
    rules:
      - backendRefs: [ { service: checkout } ]
      - backends: [ { service: chekout } ]
        timeouts: { request: 5 }
`;
    expect(problemsOf(text)).toEqual([
      'a.yaml:1:25: services.checkout.endpoint: unknown key "endpoint" (did you mean "endpoints"?)',
      'a.yaml:2:27: listeners.web.port: expected a port from 1 to 65535',
      'a.yaml:5:17: httpRoutes.shop.listeners[0]: there is no listener "wbe" (did you mean "web"?)',
      'a.yaml:7:9: httpRoutes.shop.rules[0].backendRefs: unknown key "backendRefs" (write `backends`)',
      'a.yaml:8:32: httpRoutes.shop.rules[1].backends[0].service: there is no service "chekout" (did you mean "checkout"?)',
      'a.yaml:9:30: httpRoutes.shop.rules[1].timeouts.request: expected a duration with its unit, got 5; write "5s" for seconds',
    ]);
  });
});

describe('BAD6: hostile YAML is refused in words', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[i]}`).join(',')}]`),
  ].join('\n');
  it.each([
    ['__proto__', 'services: { __proto__: { polluted: 1 } }', /"__proto__" is not allowed/],
    ['constructor', 'services: { constructor: { prototype: 1 } }', /"constructor" is not allowed/],
    ['duplicate keys', 'services: {}\nservices: {}', /written twice/],
    ['NaN', 'listeners: { w: { port: .nan } }', /not a number/],
    ['Infinity', 'listeners: { w: { port: .inf } }', /not a number/],
    ['octal look-alike', 'listeners: { w: { port: 0080 } }', /write 80/],
    ['merge key', 'x: &x {a: 1}\nservices: { a: { <<: *x } }', /merge key/],
    ['tag', 'services: !!js/function x', /the tag .* is not allowed/],
    ['alias bomb', bomb, /aliases expand/],
    ['alias of itself', 'services: &a [*a]', /contains itself/],
    ['binary', 'services: !!binary aGk=', /the tag .* is not allowed/],
    ['several documents', 'services: {}\n---\nservices: {}', /several YAML documents/],
    ['deep flow', `services: ${'['.repeat(100_000)}`, /nested/],
    ['deep blocks', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'), /nested/],
    ['NUL', 'services: \0', /control character 0x00/],
    ['50 MB', ' '.repeat(50 * 1024 * 1024), /at most 8 MB/],
    ['a list', '[1, 2]', /expected a map/],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text).join('\n')).toMatch(message);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });
});

it('parses 1,000 services and 1,000 routes', () => {
  const ids = Array.from({ length: 1000 }, (_, i) => i);
  const text = [
    'listeners: { w: { port: 1 } }',
    'groups: { g: { listeners: [w] } }',
    'services:',
    ...ids.map((i) => `  s${i}: { endpoints: ["10.0.0.1:${i + 1}"] }`),
    'httpRoutes:',
    ...ids.map(
      (i) =>
        `  r${i}: { listeners: [w], hostnames: [h${i}.example.com], rules: [ { backends: [ { service: s${i} } ] } ] }`,
    ),
  ].join('\n');
  expect(parseConfig([{ path: 'a.yaml', text }], VOCABULARY).config?.services.size).toBe(1000);
});
