import { describe, expect, test } from 'vitest';
import { InstanceIndex } from '../../src/discovery/instances.ts';
import { selectEndpoints } from '../../src/discovery/select.ts';
import type { LabelCondition, Service, ServiceFrom } from '../../src/model/config.ts';
import { type Instance, NO_LOCALITY } from '../../src/model/instance.ts';

describe('selectEndpoints', () => {
  test('sorts by priority, locality, address and port, whatever the order of the report', () => {
    const zone = { region: 'eu', zone: 'a', subZone: '' };
    const some = [instance('10.0.0.9'), instance('10.0.0.1', { locality: zone }), instance('10.0.0.2')];
    const there = select(some, [from({})]);
    expect(there).toEqual(select(some.toReversed(), [from({})]));
    expect(there).toEqual(['10.0.0.2:80', '10.0.0.9:80', '10.0.0.1:80']);
  });

  test('takes an address and port once, at its lowest priority', () => {
    const index = indexOf([instance('10.0.0.1')]);
    const wanted = service([from({ priority: 1 }), from({ priority: 0 })]);
    expect(selectEndpoints(wanted, () => index).map((endpoint) => endpoint.priority)).toEqual([0]);
  });

  test('adds the inline endpoints', () => {
    const inline = {
      address: '127.0.0.1',
      port: 9000,
      locality: NO_LOCALITY,
      health: 'HEALTHY',
      priority: 0,
    } as const;
    const wanted = { ...service([from({})]), endpoints: [inline] };
    const index = indexOf([instance('10.0.0.1')]);
    expect(shown(selectEndpoints(wanted, () => index))).toEqual(['10.0.0.1:80', '127.0.0.1:9000']);
  });

  test('an unknown source gives nothing', () => {
    expect(selectEndpoints(service([from({})]), () => undefined)).toEqual([]);
  });

  test.for<[name: string, condition: LabelCondition, found: string[]]>([
    ['equals', { equals: 'v1' }, ['10.0.0.1:80']],
    ['oneOf', { oneOf: ['v1', 'v2', 'v1'] }, ['10.0.0.1:80', '10.0.0.2:80']],
    ['not', { not: { equals: 'v1' } }, ['10.0.0.2:80', '10.0.0.3:80']],
    ['exists', { exists: true }, ['10.0.0.1:80', '10.0.0.2:80']],
    ['does not exist', { exists: false }, ['10.0.0.3:80']],
    ['matches the whole value', { matches: 'v[12]' }, ['10.0.0.1:80', '10.0.0.2:80']],
    ['a part that matches is not enough', { matches: 'v' }, []],
  ])('where: %s', ([, condition, found]) => {
    const some = [
      instance('10.0.0.1', { labels: { version: 'v1' } }),
      instance('10.0.0.2', { labels: { version: 'v2' } }),
      instance('10.0.0.3'),
    ];
    expect(select(some, [from({ where: new Map([['version', condition]]) })])).toEqual(found);
  });

  test('a label named like a method of objects is not there', () => {
    const where = new Map([['constructor', { exists: true }]]);
    expect(select([instance('10.0.0.1')], [from({ where })])).toEqual([]);
  });

  test('selects by the name of the service, and nothing where the source has no such names', () => {
    const some = [instance('10.0.0.1', { labels: { 'file.service': 'a' } }), instance('10.0.0.2')];
    expect(select(some, [from({ service: 'a' })])).toEqual(['10.0.0.1:80']);
    const unnamed = new InstanceIndex();
    unnamed.replace('s', some);
    expect(selectEndpoints(service([from({ service: 'a' })]), () => unnamed)).toEqual([]);
  });

  test.for<[name: string, port: ServiceFrom['port'], found: string[]]>([
    ['default: the only one', { kind: 'default' }, ['10.0.0.1:81', '10.0.0.3:80']],
    ['constant', { kind: 'constant', port: 9 }, ['10.0.0.1:9', '10.0.0.2:9', '10.0.0.3:9']],
    ['named', { kind: 'named', name: 'admin' }, ['10.0.0.2:83']],
    ['label', { kind: 'label', label: 'port' }, ['10.0.0.2:7000']],
    [
      'label with fallback',
      { kind: 'label', label: 'port', fallback: 1 },
      ['10.0.0.1:1', '10.0.0.2:7000', '10.0.0.3:1'],
    ],
  ])('port: %s', ([, port, found]) => {
    const some = [
      instance('10.0.0.1', { ports: { http: 81 } }),
      instance('10.0.0.2', { ports: { http: 82, admin: 83 }, labels: { port: '7000' } }),
      instance('10.0.0.3', { labels: { port: '70000' } }),
    ];
    expect(select(some, [from({ port })])).toEqual(found);
  });

  test('the index follows its scopes', () => {
    const index = indexOf([instance('10.0.0.1', { labels: { app: 'a' } })]);
    const wanted = service([from({ where: new Map([['app', { equals: 'a' }]]) })]);
    const now = () => shown(selectEndpoints(wanted, () => index));
    expect(now()).toEqual(['10.0.0.1:80']);
    index.replace('other', [instance('10.0.0.2', { labels: { app: 'a' } })]);
    expect(now()).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    index.replace('scope', [instance('10.0.0.1', { labels: { app: 'b' } })]);
    expect(now()).toEqual(['10.0.0.2:80']);
    index.replace('other', []);
    expect(now()).toEqual([]);
  });

  test('looks only at the instances that the label names', () => {
    let looked = 0;
    const watched = (app: string, n: number) =>
      instance(`10.0.${n >> 8}.${n & 255}`, {
        labels: {
          app,
          get counted() {
            looked += 1;
            return 'x';
          },
        },
      });
    const index = indexOf(Array.from({ length: 1000 }, (_, n) => watched(`app-${n % 100}`, n)));
    const where = new Map<string, LabelCondition>([
      ['counted', { exists: true }],
      ['app', { equals: 'app-7' }],
    ]);
    expect(selectEndpoints(service([from({ where })]), () => index)).toHaveLength(10);
    expect(looked).toBe(10);
  });
});

function instance(address: string, more: Partial<Instance> = {}): Instance {
  return {
    id: address,
    address,
    ports: { '': 80 },
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    labels: {},
    ...more,
  };
}

function from(more: Partial<ServiceFrom>): ServiceFrom {
  return { source: 'a', where: new Map(), port: { kind: 'default' }, priority: 0, ...more };
}

function service(entries: readonly ServiceFrom[]): Service {
  return {
    name: 's',
    origin: { object: 'services/s' },
    from: entries,
    endpoints: [],
    loadBalancing: { policy: 'roundRobin' },
    connectTimeoutMs: 1000,
    protocol: 'http1',
  };
}

function indexOf(instances: readonly Instance[]): InstanceIndex {
  const index = new InstanceIndex('file.service');
  index.replace('scope', instances);
  return index;
}

function select(instances: readonly Instance[], entries: readonly ServiceFrom[]): string[] {
  const index = indexOf(instances);
  return shown(selectEndpoints(service(entries), () => index));
}

function shown(endpoints: readonly { address: string; port: number }[]): string[] {
  return endpoints.map(({ address, port }) => `${address}:${port}`);
}
