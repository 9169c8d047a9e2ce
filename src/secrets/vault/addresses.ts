import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/** `https://host:8200`: where Vault is asked. */
export const vaultAddress = z.string().superRefine((text, context) => {
  const message = addressFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

function addressFault(text: string): string | undefined {
  if (!text.includes('://')) return `not a URL: write https://${text}`;
  const url = URL.parse(text);
  if (url === null) return 'not a URL: write https://host:8200';
  const { protocol, hostname, username, password, pathname, search, hash } = url;
  if (protocol !== 'http:' && protocol !== 'https:') return `${protocol} is not http or https`;
  if (username !== '' || password !== '') return 'no user or password in the URL: use auth';
  if (search !== '' || hash !== '' || pathname !== '/')
    return 'only scheme, host and port: the paths are known';
  if (protocol === 'http:' && !isLoopbackName(hostname))
    return 'what it says is secret: write https://, http:// is for loopback';
  return hostFault(protocol, hostname);
}

/** Metadata services that are not link-local: of Alibaba, Azure, Oracle, AWS over IPv6 and GCP. */
const METADATA: ReadonlySet<string> = new Set([
  ...['100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'],
]);

/** Why this address must not be asked (BAD9). A name is judged by each address that it resolves to. */
export function hostFault(protocol: string, hostname: string): string | undefined {
  const host = bare(hostname);
  if (isIP(host) === 0) return undefined;
  const address = ipaddr.process(host);
  const range = address.range();
  if (range === 'loopback') return undefined;
  if (protocol === 'http:') return `${host} is not loopback: only https:// goes beyond this machine`;
  if (range === 'linkLocal' || METADATA.has(address.toString()))
    return `${host} is where instance metadata is, no Vault`;
  return ['unspecified', 'broadcast', 'multicast'].includes(range)
    ? `${host} is no host's address`
    : undefined;
}

function isLoopbackName(hostname: string): boolean {
  const host = bare(hostname);
  return host === 'localhost' || (isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback');
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
