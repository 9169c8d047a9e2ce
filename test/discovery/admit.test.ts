import { describe, expect, test } from 'vitest';
import { refusal } from '../../src/discovery/admit.ts';
import type { AddressRange } from '../../src/model/config.ts';
import { type Instance, NO_LOCALITY } from '../../src/model/instance.ts';

function judge(address: string, allowed: readonly AddressRange[] = [], ports: Instance['ports'] = {}) {
  const instance: Instance = {
    id: address,
    address,
    ports,
    locality: NO_LOCALITY,
    health: 'HEALTHY',
    labels: {},
  };
  return refusal(instance, new Set(allowed));
}

const ALL: readonly AddressRange[] = ['loopback', 'linkLocal', 'metadata'];

describe('BAD9: addresses that must not be served', () => {
  test.each([
    ...['10.0.0.1', '192.168.1.1', '172.16.0.1', '8.8.8.8', '100.64.0.1', '2001:db8::1', 'fd12::1'],
    ...['::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::1', '240.0.0.1'],
  ])('%s may be', (address) => {
    expect(judge(address)).toBeUndefined();
  });

  test.each([
    ['web.internal', 'is not an IP address'],
    ['', 'no address'],
    ['10.0.0.1:80', 'is not an IP address'],
    ['10.1', 'is not an IP address'],
    ['0x7f000001', 'is not an IP address'],
    ['2130706433', 'is not an IP address'],
    ['127.0.0.01', 'is not an IP address'],
    ['fe80::1%eth0', 'is not an IP address'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
    ['::ffff:0.0.0.0', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['::ffff:224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
  ])('%s: %s, whatever is allowed', (address, words) => {
    expect(judge(address, ALL)).toContain(words);
  });

  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.9.9.9', 'loopback'],
    ['::1', 'loopback'],
    ['0:0:0:0:0:0:0:1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['::7f00:1', 'loopback'],
    ['::ffff:0:127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['169.254.1.1', 'linkLocal'],
    ['fe80::1', 'linkLocal'],
    ['::ffff:169.254.1.1', 'linkLocal'],
    ['169.254.169.254', 'metadata'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:a9fe:a9fe', 'metadata'],
    ['0:0:0:0:0:FFFF:A9FE:A9FE', 'metadata'],
    ['::a9fe:a9fe', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 'metadata'],
    ['64:ff9b:1::a9fe:a9fe', 'metadata'],
    ['2002:a9fe:a9fe::1', 'metadata'],
    ['169.254.170.2', 'metadata'],
    ['fd00:ec2::254', 'metadata'],
    ['FD00:0EC2:0:0:0:0:0:254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['::ffff:100.100.100.200', 'metadata'],
    ['168.63.129.16', 'metadata'],
  ] as const)('%s only with allowAddresses: [%s], not with the others', (address, range) => {
    expect(judge(address)).toContain(`allowAddresses: [${range}]`);
    expect(
      judge(
        address,
        ALL.filter((other) => other !== range),
      ),
    ).toContain(`allowAddresses: [${range}]`);
    expect(judge(address, [range])).toBeUndefined();
  });

  test.each([0, -1, 65_536, 1.5, Number.NaN])('port %s is out of range', (port) => {
    expect(judge('10.0.0.1', ALL, { '': 80, admin: port })).toBe(`port "admin" ${port}: ports are 1-65535`);
  });

  test('every port in range is fine', () => {
    expect(judge('10.0.0.1', [], { '': 1, admin: 65_535 })).toBeUndefined();
  });

  test('an address with a line break in it stays one line', () => {
    expect(judge('10.0.0.1\nset-cookie')).toBe('"10.0.0.1\\nset-cookie" is not an IP address');
  });
});
