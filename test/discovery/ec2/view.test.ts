import { expect, test } from 'vitest';
import type { Facts, Interface } from '../../../src/discovery/ec2/facts.ts';
import type { View } from '../../../src/discovery/ec2/protocol.ts';
import { toInstance } from '../../../src/discovery/ec2/view.ts';
import { facts } from './fake-calls.ts';

const VIEW: View = { address: 'privateIpv4', ports: {} };

function eni(id: string, more: Partial<Interface>): Interface {
  return {
    id,
    index: 0,
    subnet: 'subnet-a',
    tagged: false,
    privateIpv4: undefined,
    publicIpv4: undefined,
    ipv6: undefined,
    ...more,
  };
}

test.each([
  ['pending', undefined],
  ['running', 'HEALTHY'],
  ['shutting-down', 'DRAINING'],
  ['stopping', 'DRAINING'],
  ['stopped', undefined],
  ['terminated', undefined],
  ['a word of tomorrow', undefined],
])('SRC10: %s is %s', (state, health) => {
  expect(toInstance(facts('i-1', { state }), VIEW)?.health).toBe(health);
});

test('SRC10: impaired is UNHEALTHY while it runs, and DRAINING when it goes', () => {
  expect(toInstance(facts('i-1', { impaired: true }), VIEW)?.health).toBe('UNHEALTHY');
  expect(toInstance(facts('i-1', { impaired: true, state: 'stopping' }), VIEW)?.health).toBe('DRAINING');
});

const TWO: Partial<Facts> = {
  addresses: { privateIpv4: '10.0.0.1', publicIpv4: '192.0.2.1', ipv6: '2001:db8::1' },
  interfaces: [
    eni('eni-2', {
      index: 1,
      subnet: 'subnet-b',
      tagged: true,
      privateIpv4: '10.1.0.1',
      ipv6: '2001:db8::2',
    }),
    eni('eni-1', { privateIpv4: '10.0.0.1', publicIpv4: '192.0.2.1' }),
  ],
};

test.each<[View['address'], string]>([
  ['privateIpv4', '10.0.0.1'],
  ['publicIpv4', '192.0.2.1'],
  ['ipv6', '2001:db8::1'],
  [{ eni: { index: 1, family: 'privateIpv4' } }, '10.1.0.1'],
  [{ eni: { index: 1, family: 'publicIpv4' } }, ''],
  [{ eni: { index: 7, family: 'privateIpv4' } }, ''],
  [{ eni: { subnet: 'subnet-b', family: 'ipv6' } }, '2001:db8::2'],
  [{ eni: { subnet: 'subnet-a', family: 'publicIpv4' } }, '192.0.2.1'],
  [{ eni: { tag: { key: 'role' }, family: 'privateIpv4' } }, '10.1.0.1'],
])('SRC11: the address by %j is %s', (address, expected) => {
  expect(toInstance(facts('i-1', TWO), { ...VIEW, address })?.address).toBe(expected);
});

test('SRC11: of several interfaces that match, the first by index, in whatever order they come', () => {
  const both = [
    eni('eni-9', { index: 2, privateIpv4: '10.0.0.9' }),
    eni('eni-8', { index: 1, privateIpv4: '10.0.0.8' }),
  ];
  const view: View = { ...VIEW, address: { eni: { subnet: 'subnet-a', family: 'privateIpv4' } } };
  for (const interfaces of [both, both.toReversed()])
    expect(toInstance(facts('i-1', { interfaces }), view)?.address).toBe('10.0.0.8');
});

test('SRC11: ports are constant, from a label, or the default; what is no port is none', () => {
  const labels = {
    'ec2.tag.http': '8081',
    'ec2.tag.high': '65536',
    'ec2.tag.zero': '0',
    'ec2.tag.word': '80a',
  };
  const ports = {
    '': 80,
    http: { label: 'ec2.tag.http', default: 1 },
    admin: { label: 'ec2.tag.admin', default: 9000 },
    high: { label: 'ec2.tag.high' },
    zero: { label: 'ec2.tag.zero' },
    word: { label: 'ec2.tag.word', default: 5 },
    absent: { label: 'toString' },
  };
  expect(toInstance(facts('i-1', { labels }), { ...VIEW, ports })?.ports).toEqual({
    '': 80,
    http: 8081,
    admin: 9000,
    word: 5,
  });
});
