import { expect, test } from 'vitest';
import { buildPlan } from '../../src/fleet/plan.ts';
import type { Config } from '../../src/model/config.ts';
import { type Translated, translate } from '../../src/translate/translate.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';
import { configFrom } from './config.ts';

const YAML = `
services: { a: { endpoints: [], connectTimeout: 1s }, b: { endpoints: [] } }
secrets: { s1: { tls: { certificate: c.pem, privateKey: k.pem } }, s2: { tls: { certificate: c.pem, privateKey: k.pem } } }
listeners:
  web: { port: 80 }
  shop: { port: 443, protocol: HTTPS, tls: { certificates: [{ secret: s1, hostnames: [a.test] }, { secret: s2, hostnames: [b.test] }] } }
httpRoutes:
  one: { listeners: [web], rules: [{ matches: [{ path: { type: PathPrefix, value: /one } }], backends: [{ service: a }] }] }
  two: { listeners: [shop], rules: [{ backends: [{ service: b }] }] }
groups: { edge: { listeners: [web, shop] } }
`;

const CONFIG = configFrom(YAML);

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the config has it');
  return value;
}

function build(config: Config, secrets: readonly string[] = ['s1', 's2']): Translated {
  return translate(buildPlan(config, 'edge'), loadRegistry(), { secrets: new Set(secrets) });
}

const versions = ({ resources }: Translated): Record<string, string> =>
  Object.fromEntries(
    resources.map(({ typeUrl, name, version }) => [`${typeUrl.split('.').at(-1)}/${name}`, version]),
  );

const changed = (before: Translated, after: Translated): string[] => {
  const [old, young] = [versions(before), versions(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(young)])].filter((key) => old[key] !== young[key]);
};

test('equal configs give equal bytes', () => {
  expect(build(configFrom(YAML))).toEqual(build(configFrom(YAML)));
});

test('S4: a route edit moves its route configuration and no listener, cluster or other table', () => {
  const edits = [
    YAML.replace('/one', '/uno'),
    YAML.replace(
      'backends: [{ service: a }]',
      'filters: [{ cors: { allowOrigins: ["*"] } }], backends: [{ service: a }]',
    ),
    YAML.replace(
      'backends: [{ service: a }]',
      'filters: [{ urlRewrite: { hostname: x.test } }], backends: [{ service: a }]',
    ),
  ];
  for (const edit of edits)
    expect(changed(build(configFrom(YAML)), build(configFrom(edit)))).toEqual(['RouteConfiguration/web']);
});

test('a service edit moves its own cluster alone', () => {
  const edit = YAML.replace('1s', '2s');
  expect(changed(build(configFrom(YAML)), build(configFrom(edit)))).toEqual(['Cluster/a']);
});

test('S5: a certificate never yet read leaves out its chain alone and is named', () => {
  const { resources, problems, failed } = build(configFrom(YAML), ['s1']);
  const shop = resources.find(({ name, typeUrl }) => name === 'shop' && typeUrl.endsWith('Listener'));
  expect(shop?.needs).toMatchObject({ secrets: ['s1'], routes: ['shop'] });
  expect(problems).toEqual([
    expect.objectContaining({
      origin: expect.objectContaining({ object: 'listeners/shop' }),
      message: expect.stringContaining('"s2"'),
    }),
  ]);
  expect(failed).toEqual([]);
});

test('a listener without any certificate is left out, and its routes stay ready', () => {
  const { resources, problems, failed } = build(configFrom(YAML), []);
  expect(
    resources.filter(({ name }) => name === 'shop').map(({ typeUrl }) => typeUrl.split('.').at(-1)),
  ).toEqual(['RouteConfiguration']);
  expect(problems.at(-1)?.message).toContain('listener "shop" is left out');
  expect(failed).toEqual([
    { typeUrl: 'type.googleapis.com/envoy.config.listener.v3.Listener', name: 'shop' },
  ]);
});

test('a constraint that a service breaks isolates that service', () => {
  const broken = { ...known(CONFIG.services.get('a')), connectTimeoutMs: -1000 };
  const { resources, problems, failed } = build({
    ...CONFIG,
    services: new Map(CONFIG.services).set('a', broken),
  });
  expect(resources.filter(({ typeUrl }) => typeUrl.endsWith('.Cluster')).map(({ name }) => name)).toEqual([
    'b',
  ]);
  expect(problems[0]).toMatchObject({
    origin: expect.objectContaining({ object: 'services/a' }),
    path: expect.stringMatching(/connect/i),
  });
  expect(failed.map(({ name }) => name)).toEqual(['a']);
});

test('a rule whose filter cannot work keeps its match and answers 500, the others are served', () => {
  const bad = YAML.replace(
    'rules: [{ matches',
    'rules: [{ matches: [{ path: { type: RegularExpression, value: /o.e } }], filters: [{ urlRewrite: { path: { type: ReplacePrefixMatch, replacePrefixMatch: /x } } }], backends: [{ service: a }] }, { matches',
  );
  const { problems, resources } = build(configFrom(bad));
  expect(problems).toEqual([
    expect.objectContaining({
      origin: expect.objectContaining({ object: 'httpRoutes/one', file: 'muster.yaml' }),
      message: expect.stringContaining('500'),
    }),
  ]);
  const web = resources.find(({ name, typeUrl }) => name === 'web' && typeUrl.endsWith('RouteConfiguration'));
  expect(
    loadRegistry().decode('envoy.config.route.v3.RouteConfiguration', web?.bytes ?? new Uint8Array()),
  ).toMatchObject({
    virtualHosts: [{ routes: [{ name: 'one/0/0', directResponse: { status: 500 } }, { name: 'one/1/0' }] }],
  });
});

test('a match that Envoy would refuse is left out and named', () => {
  const route = known(CONFIG.httpRoutes.get('one'));
  const path = { type: 'PathPrefix', value: '/o?ne' } as const;
  const rules = route.rules.map((rule) => ({ ...rule, matches: [{ path, headers: [], queryParams: [] }] }));
  const { problems, resources } = build({
    ...CONFIG,
    httpRoutes: new Map(CONFIG.httpRoutes).set('one', { ...route, rules }),
  });
  expect(problems[0]).toMatchObject({
    origin: expect.objectContaining({ object: 'httpRoutes/one' }),
    message: expect.stringContaining('left out'),
  });
  expect(resources.filter(({ typeUrl }) => typeUrl.endsWith('RouteConfiguration'))).toHaveLength(2);
});
