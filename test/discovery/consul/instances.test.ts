import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Watching, watchSource } from '../suite.ts';
import { type FakeConsul, startFakeConsul } from './fake-consul.ts';
import type { FakeInstance } from './fake-registry.ts';
import { completeOf, createConsul } from './watching.ts';

describe('instances of a Consul service', () => {
  let fake: FakeConsul;
  let watching: Watching | undefined;
  const instances = async (all: readonly FakeInstance[], options: object = {}) => {
    fake.registry.put('web', all);
    watching = watchSource(createConsul({ address: fake.url, services: ['web'], ...options }));
    return (await watching.next(completeOf('local/web'))).instances;
  };
  const only = async (one: Partial<FakeInstance>, options: object = {}) => {
    const [instance] = await instances([{ node: 'n1', address: '10.0.0.1', ...one }], options);
    return instance;
  };

  beforeEach(async () => {
    fake = await startFakeConsul();
  });
  afterEach(async () => {
    await watching?.stop();
    await fake.stop();
  });

  test('every fact is a label', async () => {
    const instance = await only({
      ...{
        id: 'web-1',
        port: 8443,
        tags: ['v2', 'public'],
        meta: { version: '7' },
        nodeMeta: { rack: 'r1' },
      },
      ...{ namespace: 'team', partition: 'part', locality: { Region: 'eu-west-1', Zone: 'eu-west-1a' } },
    });
    expect(instance).toEqual({
      id: 'n1/web-1',
      address: '10.0.0.1',
      ports: { '': 8443 },
      locality: { region: 'eu-west-1', zone: 'eu-west-1a', subZone: '' },
      health: 'HEALTHY',
      weight: 1,
      labels: {
        'consul.service': 'web',
        'consul.serviceId': 'web-1',
        'consul.node': 'n1',
        'consul.dc': 'dc1',
        'consul.health': 'passing',
        'consul.tags': ',v2,public,',
        'consul.tag.v2': 'true',
        'consul.tag.public': 'true',
        'consul.meta.version': '7',
        'consul.nodeMeta.rack': 'r1',
        'consul.namespace': 'team',
        'consul.partition': 'part',
      },
    });
  });

  test('the address of the node, where the service has none; a port of 0 is none', async () => {
    expect(await only({ address: '', nodeAddress: '10.9.9.9', port: 0 })).toMatchObject({
      address: '10.9.9.9',
      ports: {},
    });
  });

  test('two of one service on one node are two', async () => {
    const both = await instances([
      { node: 'n1', id: 'web-2', address: '10.0.0.1', port: 2 },
      { node: 'n1', id: 'web-1', address: '10.0.0.1', port: 1 },
      { node: 'n0', id: 'web-1', address: '10.0.0.0', port: 1 },
    ]);
    expect(both.map(({ id }) => id)).toEqual(['n0/web-1', 'n1/web-1', 'n1/web-2']);
  });

  const check = (id: string, status: string) => ({ CheckID: id, Status: status });
  test.each([
    ['passing', [check('a', 'passing')], {}, 'HEALTHY', 'passing'],
    ['no check', [], {}, 'HEALTHY', 'passing'],
    ['warning', [check('a', 'passing'), check('b', 'warning')], {}, 'DEGRADED', 'warning'],
    ['warning by option', [check('b', 'warning')], { warning: 'healthy' }, 'HEALTHY', 'warning'],
    ['warning by option', [check('b', 'warning')], { warning: 'unhealthy' }, 'UNHEALTHY', 'warning'],
    ['critical', [check('b', 'warning'), check('a', 'critical')], {}, 'UNHEALTHY', 'critical'],
    ['critical first', [check('a', 'critical'), check('b', 'warning')], {}, 'UNHEALTHY', 'critical'],
    ['critical by option', [check('a', 'critical')], { critical: 'draining' }, 'DRAINING', 'critical'],
    ['a critical node', [check('serfHealth', 'critical')], {}, 'UNHEALTHY', 'critical'],
    ['maintenance', [check('_service_maintenance:web', 'critical')], {}, 'DRAINING', 'maintenance'],
    [
      'maintenance of the node',
      [check('a', 'critical'), check('_node_maintenance', 'critical')],
      {},
      'DRAINING',
      'maintenance',
    ],
    [
      'maintenance by option',
      [check('_node_maintenance', 'critical')],
      { maintenance: 'unhealthy' },
      'UNHEALTHY',
      'maintenance',
    ],
  ])('SRC8: %s %j %j is %s', async (_, checks, options, health, word) => {
    const instance = await only({ checks }, options);
    expect(instance).toMatchObject({ health, labels: { 'consul.health': word } });
  });

  test.each([
    [{ Passing: 10, Warning: 2 }, 'passing', 10, 'HEALTHY'],
    [{ Passing: 10, Warning: 2 }, 'warning', 2, 'DEGRADED'],
    [{ Passing: 10, Warning: 2 }, 'critical', 10, 'UNHEALTHY'],
    [{ Passing: 65_535, Warning: 1 }, 'passing', 128, 'HEALTHY'],
    [{ Passing: 128, Warning: 1 }, 'passing', 128, 'HEALTHY'],
    [{ Passing: 0, Warning: 1 }, 'passing', undefined, 'UNHEALTHY'],
    [{ Passing: 5, Warning: 0 }, 'warning', undefined, 'UNHEALTHY'],
    [{ Passing: -3, Warning: 1 }, 'passing', undefined, 'UNHEALTHY'],
  ] as const)('SRC8: weights %j while %s: %s, %s', async (weights, status, weight, health) => {
    const instance = await only({ weights, status });
    expect(instance?.health).toBe(health);
    expect(instance?.weight).toBe(weight);
  });

  test('odd tags and keys are labels as they are', async () => {
    const long = 'x'.repeat(256);
    const tags = ['say "hi"', 'two\nlines', long, 'schön', 'V2', 'v2', '', 'a,b', '__proto__'];
    const instance = await only({ tags, meta: { Key: 'A', key: 'a', constructor: 'b' } });
    for (const tag of tags) expect(instance?.labels, tag).toHaveProperty([`consul.tag.${tag}`], 'true');
    expect(instance?.labels).toMatchObject({
      'consul.meta.Key': 'A',
      'consul.meta.key': 'a',
      'consul.meta.constructor': 'b',
    });
    expect(instance?.labels['consul.tags']).toBe(`,${tags.join(',')},`);
  });
});
