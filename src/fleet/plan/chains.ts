import type { Listener, ListenerCertificate } from '../../model/config.ts';

/** One filter chain: the SNI names that choose it and the certificates it offers. */
export interface ChainPlan {
  /** The first of its hostnames, or `default`. Stable while that hostname keeps its certificates. */
  readonly name: string;
  /** Exact or `*.example.com`, lower case, sorted; empty: whatever no other chain took. */
  readonly hostnames: readonly string[];
  /** Secret names, sorted; several are alternatives (RSA and ECDSA). */
  readonly secrets: readonly string[];
}

/**
 * One chain per distinct set of certificates. A hostname that two certificates name gets one chain
 * with both, so no SNI name is ever claimed by two chains (Envoy refuses such a listener).
 */
export function planChains(listener: Listener): readonly ChainPlan[] {
  const chains = new Map<string, { hostnames: string[]; secrets: readonly string[] }>();
  for (const [hostname, secrets] of secretsByHostname(listener.tls?.certificates ?? [])) {
    const key = hostname === DEFAULT ? DEFAULT : JSON.stringify(secrets);
    const chain = chains.get(key);
    if (chain === undefined) chains.set(key, { hostnames: hostname === DEFAULT ? [] : [hostname], secrets });
    else chain.hostnames.push(hostname);
  }
  return [...chains.values()].map(({ hostnames, secrets }) => ({
    name: hostnames[0] ?? 'default',
    hostnames,
    secrets,
  }));
}

/** Sorts before every hostname and is none. */
const DEFAULT = '';

function secretsByHostname(certificates: readonly ListenerCertificate[]): [string, string[]][] {
  const byHostname = new Map<string, Set<string>>();
  for (const { secret, hostnames } of certificates) {
    for (const hostname of hostnames.length === 0 ? [DEFAULT] : hostnames) {
      const key = hostname === '*' ? DEFAULT : hostname.toLowerCase();
      byHostname.set(key, (byHostname.get(key) ?? new Set()).add(secret));
    }
  }
  return [...byHostname]
    .map(([hostname, secrets]): [string, string[]] => [hostname, [...secrets].sort()])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
