import { isIP } from 'node:net';
import { MusterError } from '../errors.ts';

/** A path segment as SPIFFE allows it, short enough for a node id and a file name. */
const SEGMENT = /^[a-zA-Z0-9._-]{1,200}$/;
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;
const LABEL = /^(?!-)[a-zA-Z0-9-]{1,63}(?<!-)$/;

/** Group, node and operator names become segments of an identity and names of folders. */
export function segment(option: string, text: string): string {
  if (SEGMENT.test(text) && text !== '.' && text !== '..') return text;
  throw wrong(option, text, 'letters, digits, ".", "_" and "-", at most 200');
}

export function trustDomain(option: string, text: string): string {
  if (TRUST_DOMAIN.test(text)) return text;
  throw wrong(option, text, 'a SPIFFE trust domain, such as example.org');
}

export function dnsName(option: string, text: string): string {
  const isName = text.length <= 253 && text.split('.').every((label) => LABEL.test(label));
  if (isName && isIP(text) === 0) return text.toLowerCase();
  throw wrong(option, text, 'a DNS name, such as muster.internal (an address goes to --ip)');
}

export function ipAddress(option: string, text: string): string {
  if (isIP(text) !== 0 && !text.includes('%')) return text;
  throw wrong(option, text, 'an IPv4 or IPv6 address');
}

/** A life in whole days. */
export function days(option: string, text: string): number {
  const count = Number(text);
  if (/^\d{1,5}$/.test(text) && count >= 1 && count <= 36_500) return count;
  throw wrong(option, text, 'whole days from 1 to 36500');
}

function wrong(option: string, text: string, expected: string): MusterError {
  return new MusterError('usage', `${option} ${JSON.stringify(text.slice(0, 300))}: expected ${expected}`);
}
