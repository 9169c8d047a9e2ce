import { afterEach, beforeEach, expect, test } from 'vitest';
import { dnsSource } from '../../../src/discovery/dns/index.ts';
import { addressesOf, isComplete, isFailure, type Watching, watchSource } from '../suite.ts';
import { type ConsulDns, startConsulDns } from './consul-dns.ts';

let consul: ConsulDns;
let watching: Watching;

function watch(options: object): Watching {
  const parsed = dnsSource.schema.parse({ nameservers: [consul.address], refresh: '5s', ...options });
  watching = watchSource(dnsSource.create(parsed, { name: 'dns', baseDir: '.' }));
  return watching;
}

beforeEach(async () => {
  consul = await startConsulDns();
  await consul.register('one', { address: '10.1.0.1', port: 8081, passing: 10 });
  await consul.register('two', { address: '10.1.0.2', port: 8082, passing: 20 });
});
afterEach(async () => {
  await watching.stop();
  await consul.stop();
});

test('a real DNS server: instances follow registration, health and deregistration', async () => {
  watch({ names: ['web.service.consul:80'] });
  expect(addressesOf(await watching.next(isComplete))).toEqual(['10.1.0.1', '10.1.0.2']);
  await consul.register('three', { address: '2001:db8::3', port: 8083 });
  expect(addressesOf(await watching.next(isComplete))).toEqual(['10.1.0.1', '10.1.0.2', '2001:db8::3']);
  await consul.register('two', { address: '10.1.0.2', port: 8082, healthy: false });
  expect(addressesOf(await watching.next(isComplete))).toEqual(['10.1.0.1', '2001:db8::3']);
  await consul.deregister('one');
  expect(addressesOf(await watching.next(isComplete))).toEqual(['2001:db8::3']);
});

test('SRV of a real DNS server: ports, weights and targets that have to be resolved', async () => {
  watch({ names: ['web.service.consul'], type: 'SRV' });
  const { instances } = await watching.next(isComplete);
  expect(instances.map(({ address, ports, weight }) => [address, ports[''], weight])).toEqual([
    ['10.1.0.1', 8081, 10],
    ['10.1.0.2', 8082, 20],
  ]);
  expect(instances[0]?.labels).toMatchObject({
    'dns.name': 'web.service.consul',
    'dns.srv.priority': '1',
    'dns.type': 'SRV',
  });
});

test('SRC1: an answer that is cut short over UDP is asked for again over TCP', async () => {
  const many = Array.from({ length: 60 }, (_, n) => `10.2.0.${n + 1}`);
  for (const [n, address] of many.entries()) await consul.register(`node-${n}`, { address, port: 80 });
  watch({ names: ['web.service.consul:80'], type: 'A' });
  expect(addressesOf(await watching.next(isComplete))).toEqual([...many, '10.1.0.1', '10.1.0.2'].sort());
});

test('SRC3: a DNS server that is gone is a failure; a name that it does not have is an empty report', async () => {
  watch({ names: ['nobody.service.consul'] });
  expect(addressesOf(await watching.next(isComplete))).toEqual([]);
  await watching.stop();
  watch({ names: ['web.service.consul'], timeout: '200ms' });
  await watching.next(isComplete);
  await consul.stop();
  expect((await watching.next(isFailure)).error.message).toMatch(
    /^web\.service\.consul \(A+\): no DNS server/,
  );
});
