import { expect, test } from 'vitest';
import { addressRefusal, refusal } from '../../src/discovery/admit.ts';
import type { AddressRange } from '../../src/model/config.ts';
import { instance } from '../fleet/fixtures.ts';

const refused = (address: string, ...allowed: AddressRange[]) => addressRefusal(address, new Set(allowed));

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.8.8.8', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['169.254.169.254', 'metadata'],
  ['::ffff:169.254.169.254', 'metadata'],
  ['::ffff:a9fe:a9fe', 'metadata'],
  ['fd00:ec2::254', 'metadata'],
  ['fd00:0ec2:0000::0254', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['224.0.0.1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['web.internal', 'not an IP address'],
  ['', 'not an IP address'],
  ['2130706433', 'not an IP address'],
  ['0177.0.0.1', 'not an IP address'],
  ['fe80::1%eth0', 'zone'],
])('BAD9: %s is refused as %s', (address, why) => {
  expect(refused(address)).toContain(why);
});

test.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', '2001:db8::1', 'fd12::1'])('%s may be served', (address) => {
  expect(refused(address)).toBeUndefined();
});

test('what the config allows is meant, and each range by itself', () => {
  expect(refused('127.0.0.1', 'loopback')).toBeUndefined();
  expect(refused('127.0.0.1', 'linkLocal', 'metadata')).toContain('loopback');
  expect(refused('169.254.1.1', 'linkLocal')).toBeUndefined();
  expect(refused('169.254.169.254', 'linkLocal', 'loopback')).toContain('metadata');
  expect(refused('169.254.169.254', 'metadata')).toBeUndefined();
});

test.each([0, -1, 65_536, 1.5, Number.NaN])('the port %s is refused', (port) => {
  expect(refusal(instance('a', 1, { ports: { http: port } }), new Set())).toContain('port "http" is');
  expect(refusal(instance('a', 1), new Set())).toBeUndefined();
});
