import { expect, test } from 'vitest';
import { sameAssignment, sameEndpoints, sameSelection } from '../../src/fleet/same.ts';
import type { Service, ServiceFrom } from '../../src/model/config.ts';
import { endpoint, service } from './fixtures.ts';

const WEB = service('web', ['dc']);
const [FROM] = WEB.from;
if (FROM === undefined) throw new Error('the service selects from one source');
const withFrom = (more: Partial<ServiceFrom>): Service => ({ ...WEB, from: [{ ...FROM, ...more }] });

test.each<[name: string, other: Service]>([
  ['weight', withFrom({ weight: { kind: 'constant', weight: 2 } })],
  ['zone', withFrom({ locality: { zone: 'a' } })],
  ['port', withFrom({ port: { kind: 'constant', port: 1 } })],
  ['where', withFrom({ where: new Map([['a', { equals: 'b' }]]) })],
  ['failover', { ...WEB, failover: { by: 'zone', order: ['a'] } }],
  ['metadata', { ...WEB, metadata: new Map([['v', ['version']]]) }],
  ['inline metadata', { ...WEB, endpoints: [{ ...endpoint(1), metadata: [['v', '1']] }] }],
])('another selection: %s', (_, other) => {
  expect(sameSelection(WEB, other)).toBe(false);
  expect(sameSelection(other, WEB)).toBe(false);
  expect(sameSelection(other, structuredClone(other))).toBe(true);
});

test('locality weights and the template change the cell, not the selection', () => {
  const weighted = { ...WEB, localityWeights: [{ zone: 'a', weight: 2 }] };
  for (const other of [weighted, { ...WEB, template: 'all' }]) {
    expect(sameSelection(WEB, other)).toBe(true);
    expect(sameAssignment(WEB, other)).toBe(false);
    expect(sameAssignment(other, structuredClone(other))).toBe(true);
  }
  expect(sameAssignment(weighted, { ...weighted, localityWeights: [{ zone: 'a', weight: 3 }] })).toBe(false);
  expect(sameAssignment(WEB, { ...WEB, protocol: 'http2' })).toBe(true);
});

test('endpoints differ by their metadata: a value, a key, one more, none', () => {
  const one = { ...endpoint(1), metadata: [['v', '1']] as const };
  const others = [
    [['v', '2']],
    [['w', '1']],
    [
      ['v', '1'],
      ['w', '1'],
    ],
    undefined,
  ] as const;
  for (const metadata of others) {
    expect(sameEndpoints([one], [{ ...one, metadata }])).toBe(false);
    expect(sameEndpoints([{ ...one, metadata }], [one])).toBe(false);
  }
  expect(sameEndpoints([one], [{ ...one, metadata: [['v', '1']] }])).toBe(true);
});
