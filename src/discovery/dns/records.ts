import type { SrvRecord } from 'node:dns';
import { type Instance, NO_LOCALITY } from '../../model/instance.ts';
import type { Addresses, AddressType, NameResolver } from '../resolve.ts';
import type { DnsName, DnsSourceOptions } from './schema.ts';

export interface Looked {
  /** Sorted, each id once. */
  readonly instances: readonly Instance[];
  /** How long the records live; undefined where DNS does not say. */
  readonly ttlMs: number | undefined;
}

export const DNS_SERVICE_LABEL = 'dns.name';
/** Targets of one SRV answer that are asked for at a time. */
const AT_ONCE = 16;
const MAX_WEIGHT = 128;
const BOTH: readonly AddressType[] = ['A', 'AAAA'];

/** Everything that DNS says of one name now, or a throw; never a part. */
export function look(
  name: DnsName,
  options: DnsSourceOptions,
  resolver: NameResolver,
  signal: AbortSignal,
): Promise<Looked> {
  return options.type === 'SRV'
    ? lookServices(name, resolver, signal)
    : lookAddresses(name, options, resolver, signal);
}

async function lookAddresses(
  name: DnsName,
  { type, port: fallback }: DnsSourceOptions,
  resolver: NameResolver,
  signal: AbortSignal,
): Promise<Looked> {
  const types: readonly AddressType[] = type === 'A' || type === 'AAAA' ? [type] : BOTH;
  const { addresses, ttlMs } = await resolver.addresses(name.host, types, signal);
  const port = name.port ?? fallback;
  const instances = addresses.map((address) => ({
    ...instanceAt(name, address),
    id: `${name.written}/${address}`,
    ports: port === undefined ? {} : { '': port },
    labels: { [DNS_SERVICE_LABEL]: name.host, 'dns.target': name.host, 'dns.type': typeOf(address) },
  }));
  return { instances, ttlMs };
}

async function lookServices(name: DnsName, resolver: NameResolver, signal: AbortSignal): Promise<Looked> {
  // A single "." says that the service is decidedly not here (RFC 2782); port 0 leads nowhere.
  const records = (await resolver.srv(name.host, signal)).filter(
    ({ name: to, port }) => to !== '' && port > 0,
  );
  const targets = [...new Set(records.map((record) => record.name))];
  const found = await inParts(targets, (target) => resolver.addresses(target, BOTH, signal));
  const scale = Math.max(MAX_WEIGHT, ...records.map(({ weight }) => weight));
  const instances = new Map<string, Instance>();
  for (const record of records.toSorted(comparePriority)) {
    for (const address of found.get(record.name)?.addresses ?? []) {
      const instance = serviceAt(name, record, address, scale);
      // Named twice, it counts with the priority that is used first.
      if (!instances.has(instance.id)) instances.set(instance.id, instance);
    }
  }
  const ttls = [...found.values()].flatMap(({ ttlMs }) => ttlMs ?? []);
  const sorted = [...instances.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  return { instances: sorted, ttlMs: ttls.length === 0 ? undefined : Math.min(...ttls) };
}

function serviceAt(name: DnsName, record: SrvRecord, address: string, scale: number): Instance {
  return {
    ...instanceAt(name, address),
    id: `${name.written}/${address}:${record.port}`,
    ports: { '': record.port },
    weight: Math.max(1, Math.round((record.weight * MAX_WEIGHT) / scale)),
    labels: {
      [DNS_SERVICE_LABEL]: name.host,
      'dns.target': record.name,
      'dns.type': 'SRV',
      'dns.srv.priority': String(record.priority),
    },
  };
}

function instanceAt(name: DnsName, address: string) {
  return { id: name.written, address, locality: NO_LOCALITY, health: 'HEALTHY' as const };
}

function comparePriority(left: SrvRecord, right: SrvRecord): number {
  return left.priority - right.priority || right.weight - left.weight || (left.name < right.name ? -1 : 1);
}

function typeOf(address: string): AddressType {
  return address.includes(':') ? 'AAAA' : 'A';
}

async function inParts(
  names: readonly string[],
  ask: (name: string) => Promise<Addresses>,
): Promise<ReadonlyMap<string, Addresses>> {
  const found = new Map<string, Addresses>();
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const part = names.slice(from, from + AT_ONCE);
    const answers = await Promise.all(part.map(async (name) => [name, await ask(name)] as const));
    for (const [name, answer] of answers) found.set(name, answer);
  }
  return found;
}
