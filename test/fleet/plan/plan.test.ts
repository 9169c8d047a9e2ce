import { expect, test } from 'vitest';
import { buildPlan } from '../../../src/fleet/plan.ts';
import { configFrom } from '../../translate/config.ts';

const CONFIG = configFrom(`
services: { a: { endpoints: [] }, b: { endpoints: [] }, c: { endpoints: [] }, unused: { endpoints: [] } }
secrets: { one: { tls: { certificate: c.pem, privateKey: k.pem } }, two: { tls: { certificate: c.pem, privateKey: k.pem } }, three: { tls: { certificate: c.pem, privateKey: k.pem } } }
listeners:
  web: { port: 80 }
  shop:
    port: 443
    protocol: HTTPS
    tls:
      certificates:
        - { secret: one, hostnames: [b.example.com, a.example.com] }
        - { secret: two, hostnames: [c.example.com] }
        - { secret: three }
  inner: { port: 81 }
  old: { port: 82, redirectToHttps: { port: 443, statusCode: 301 } }
httpRoutes:
  z: { listeners: [web, old], hostnames: [x.test], rules: [{ backends: [{ service: a, weight: 0 }] }] }
  y: { listeners: [web, shop], rules: [{ filters: [{ cors: { allowOrigins: ["*"] } }], backends: [{ service: b }] }] }
  inner: { listeners: [inner], rules: [{ backends: [{ service: c }] }] }
groups: { edge: { listeners: [web, shop] }, redirect: { listeners: [old] } }
`);

test('a group gets its listeners and only the services and secrets that these need', () => {
  const plan = buildPlan(CONFIG, 'edge');
  expect(plan.listeners.map(({ listener }) => listener.name)).toEqual(['shop', 'web']);
  expect(plan.services.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(plan.secrets).toEqual(['one', 'three', 'two']);
});

test('a listener that redirects serves no routes and needs no service', () => {
  const plan = buildPlan(CONFIG, 'redirect');
  expect(plan.listeners[0]?.hosts).toEqual([]);
  expect(plan.services).toEqual([]);
});

test('hosts are lower case and sorted, with * for routes that name none', () => {
  const web = buildPlan(CONFIG, 'edge').listeners[1];
  expect(web?.hosts.map(({ hostname }) => hostname)).toEqual(['*', 'x.test']);
});

test('no SNI name belongs to two chains: two certificates of one name share its chain', () => {
  const shop = CONFIG.listeners.get('shop');
  if (shop?.tls === undefined) throw new Error('the listener has TLS');
  const certificates = [...shop.tls.certificates, { secret: 'two', hostnames: ['B.example.com'] }];
  const listener = { ...shop, tls: { ...shop.tls, certificates } };
  const config = { ...CONFIG, listeners: new Map(CONFIG.listeners).set('shop', listener) };
  expect(buildPlan(config, 'edge').listeners[0]?.chains).toEqual([
    { name: 'default', hostnames: [], secrets: ['three'] },
    { name: 'a.example.com', hostnames: ['a.example.com'], secrets: ['one'] },
    { name: 'b.example.com', hostnames: ['b.example.com'], secrets: ['one', 'two'] },
    { name: 'c.example.com', hostnames: ['c.example.com'], secrets: ['two'] },
  ]);
});

test("a rule's own filter replaces the route's of the same name, the others stay", () => {
  const config = configFrom(`
services: { a: { endpoints: [] } }
listeners: { web: { port: 80 } }
groups: { edge: { listeners: [web] } }
httpRoutes:
  r:
    listeners: [web]
    filters: [{ directResponse: { status: 200 } }, { cors: { allowOrigins: ["*"] } }]
    rules: [{ filters: [{ directResponse: { status: 201 } }] }]
`);
  expect(buildPlan(config, 'edge').listeners[0]?.hosts[0]?.routes[0]?.filters).toEqual([
    { name: 'cors', config: expect.objectContaining({ allowOrigins: ['*'] }) },
    { name: 'directResponse', config: { status: 201 } },
  ]);
});

test('a group that is not in the config is refused in words', () => {
  expect(() => buildPlan(CONFIG, 'nope')).toThrow('no group "nope"');
});
