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

  test.for<[name: string, weight: ServiceFrom['weight'], found: (number | undefined)[]]>([
    ['none: as the source says', undefined, [9, undefined]],
    ['constant', { kind: 'constant', weight: 3 }, [3, 3]],
    ['label, else as the source says', { kind: 'label', label: 'w' }, [9, 128]],
    ['label with default', { kind: 'label', label: 'w', fallback: 2 }, [2, 128]],
  ])('weight: %s', ([, weight, found]) => {
    const some = [
      instance('10.0.0.1', { weight: 9, labels: { w: '129' } }),
      instance('10.0.0.2', { labels: { w: '128' } }),
    ];
    const there = selectEndpoints(service([from(weight === undefined ? {} : { weight })]), () =>
      indexOf(some),
    );
    expect(there.map((one) => one.weight)).toEqual(found);
  });

  test('region, zone and subZone of an entry are in place of what the source says', () => {
    const locality = { region: 'eu', zone: 'a', subZone: 'r1' };
    const wanted = service([from({ locality: { zone: 'b', subZone: '' } })]);
    const [there] = selectEndpoints(wanted, () => indexOf([instance('10.0.0.1', { locality })]));
    expect(there?.locality).toEqual({ region: 'eu', zone: 'b', subZone: '' });
  });

  test('metadata: the first label that is there, by key, and none where nothing is', () => {
    const metadata = new Map([
      ['stage', ['stage']],
      ['version', ['v', 'version']],
    ]);
    const some = [
      instance('10.0.0.1', { labels: { version: '2', v: '1' } }),
      instance('10.0.0.2', { labels: { version: '2', stage: 'x' } }),
      instance('10.0.0.3', { labels: { other: 'y' } }),
    ];
    const there = selectEndpoints({ ...service([from({})]), metadata }, () => indexOf(some));
    expect(there.map((one) => one.metadata)).toEqual([
      [['version', '1']],
      [
        ['stage', 'x'],
        ['version', '2'],
      ],
      undefined,
    ]);
  });

  test('failover: by the own priorities first, then by the order listed, others last, without gaps', () => {
    const zone = (address: string, name: string) =>
      instance(address, { locality: { region: 'eu', zone: name, subZone: '' } });
    const some = [zone('10.0.0.1', 'a'), zone('10.0.0.2', 'b'), zone('10.0.0.3', 'c'), zone('10.0.0.4', '')];
    const ranks = (
      order: readonly string[],
      entries: readonly ServiceFrom[],
      by: 'zone' | 'region' = 'zone',
    ) =>
      selectEndpoints({ ...service(entries), failover: { by, order } }, () => indexOf(some)).map(
        ({ address, port, priority }) => `${address}:${port} ${priority}`,
      );
    expect(ranks(['b', 'x', 'a'], [from({})])).toEqual([
      '10.0.0.2:80 0',
      '10.0.0.1:80 1',
      '10.0.0.4:80 2',
      '10.0.0.3:80 2',
    ]);
    expect(ranks(['b'], [from({ priority: 1 })])).toEqual([
      '10.0.0.2:80 0',
      '10.0.0.4:80 1',
      '10.0.0.1:80 1',
      '10.0.0.3:80 1',
    ]);
    expect(ranks(['us', 'eu'], [from({})], 'region').every((one) => one.endsWith(' 0'))).toBe(true);
  });

  test('failover: a source of a better priority comes before every zone of the next', () => {
    const zones = (prefix: string) =>
      ['a', 'b'].map((zone) =>
        instance(`${prefix}.${zone === 'a' ? 1 : 2}`, { locality: { region: '', zone, subZone: '' } }),
      );
    const indexes = new Map([
      ['a', indexOf(zones('10.0.0'))],
      ['spare', indexOf(zones('10.0.9'))],
    ]);
    const wanted = service([from({}), from({ source: 'spare', priority: 1 })]);
    const failover = { by: 'zone', order: ['b', 'a'] } as const;
    const there = selectEndpoints({ ...wanted, failover }, (source) => indexes.get(source));
    expect(there.map(({ address, priority }) => `${address} ${priority}`)).toEqual([
      '10.0.0.2 0',
      '10.0.0.1 1',
      '10.0.9.2 2',
      '10.0.9.1 3',
    ]);
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
