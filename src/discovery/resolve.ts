import type { SrvRecord } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { MusterError } from '../errors.ts';
import { canonicalAddress } from './address.ts';

export type AddressType = 'A' | 'AAAA';

export interface Addresses {
  /** Each once, sorted: DNS servers turn their answers round. Empty: the server says that there is none. */
  readonly addresses: readonly string[];
  /** Until when the answer holds, by the shortest-lived record; undefined for an empty one. Milliseconds. */
  readonly ttlMs: number | undefined;
}

export interface ResolveOptions {
  /** `10.0.0.2`, `10.0.0.2:5353`, `[fd00::2]:53`; undefined: those of the system. */
  readonly nameservers?: readonly string[] | undefined;
  /** One server is waited for this long, and asked twice. Milliseconds. */
  readonly timeoutMs: number;
}

/** Where DNS is asked, as a user writes it. */
export const nameservers = z
  .array(
    z
      .string()
      .refine(
        isNameserver,
        'expected the address of a DNS server, such as 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:53',
      ),
  )
  .min(1)
  .max(8);

/** Names to addresses by DNS alone: neither the hosts file nor search domains are looked at. */
export interface NameResolver {
  /** The addresses of every type, or none: a part of them is a failure (SRC1). */
  addresses(name: string, types: readonly AddressType[], signal: AbortSignal): Promise<Addresses>;
  srv(name: string, signal: AbortSignal): Promise<readonly SrvRecord[]>;
}

export function createNameResolver(options: ResolveOptions): NameResolver {
  return {
    async addresses(name, types, signal) {
      const answers = await Promise.all(types.map((type) => ask(options, type, name, signal)));
      const records = answers.flat();
      const addresses = [...new Set(records.map(({ address }) => canonicalAddress(address)))].sort();
      const ttlMs = records.length === 0 ? undefined : Math.min(...records.map(({ ttl }) => ttl)) * 1000;
      return { addresses, ttlMs };
    },
    srv: (name, signal) => asked('SRV', name, options, signal, (resolver) => resolver.resolveSrv(name)),
  };
}

function ask(options: ResolveOptions, type: AddressType, name: string, signal: AbortSignal) {
  return asked(type, name, options, signal, (resolver) =>
    type === 'A' ? resolver.resolve4(name, { ttl: true }) : resolver.resolve6(name, { ttl: true }),
  );
}

/** A resolver for each question: it can then be cancelled alone, and remembers no answer beyond its time. */
async function asked<R>(
  type: string,
  name: string,
  { nameservers: servers, timeoutMs }: ResolveOptions,
  signal: AbortSignal,
  query: (resolver: Resolver) => Promise<R[]>,
): Promise<readonly R[]> {
  signal.throwIfAborted();
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await query(resolver);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
    throw new MusterError('source_failed', `${name} (${type}): ${WORDS[code] ?? `DNS failed with ${code}`}`, {
      cause: error,
    });
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the DNS server answers SERVFAIL',
  EREFUSED: 'the DNS server refuses to answer',
  ENOTIMP: 'the DNS server does not know this kind of question',
  EFORMERR: 'the DNS server does not understand the question',
  EBADRESP: 'the DNS server answers with something that is no DNS answer',
  EBADNAME: 'this is no name for DNS',
  ETIMEOUT: 'no DNS server answered in time',
  ECONNREFUSED: 'no DNS server could be reached',
  ECANCELLED: 'cancelled',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
}

function isNameserver(text: string): boolean {
  const match = /^(?:\[([^\]]+)\]|([0-9.]+))(?::([0-9]{1,5}))?$/.exec(text);
  const host = isIP(text) === 0 ? (match?.[1] ?? match?.[2] ?? '') : text;
  const port = isIP(text) === 0 ? Number(match?.[3] ?? 53) : 53;
  return isIP(host) !== 0 && port >= 1 && port <= 65_535 && ipaddr.parse(host).range() !== 'unspecified';
}
