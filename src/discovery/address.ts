import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Whether a host may be a name, which muster then resolves, or must be an address. */
export type Hostnames = 'refuse' | 'resolve';

const LABEL = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const HOSTNAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`);

/** A name for DNS. One whose last part is a number is an address written badly (`10.1`). */
export function isHostname(text: string): boolean {
  return text.length <= 253 && HOSTNAME.test(text) && !/(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i.test(text);
}

/** One spelling for each address, so that equal ones are equal text. */
export function canonicalAddress(text: string): string {
  return isIP(text) === 6 ? ipaddr.parse(text).toString() : text;
}

/** What is wrong with a host that a user wrote; undefined where nothing is. */
export function hostFault(text: string, hostnames: Hostnames): string | undefined {
  if (isIP(text) === 0) {
    if (hostnames === 'resolve')
      return isHostname(text) ? undefined : `"${text}" is neither an IP address nor a hostname`;
    return `"${text}" is not an IP address: endpoints are addresses, resolve the name in what writes this, or set hostnames: resolve`;
  }
  if (text.includes('%')) return `"${text}" has a zone, which means nothing on another machine`;
  const range = ipaddr.parse(text).range();
  if (range === 'unspecified' || range === 'multicast' || range === 'broadcast')
    return `"${text}" is a ${range} address: nothing can be reached there`;
  return undefined;
}
