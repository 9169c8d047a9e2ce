import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { AddressRange } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';

/** Addresses that hand out credentials to whoever can make a proxy ask them. */
const METADATA: ReadonlySet<string> = new Set([
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '169.254.169.253', '100.100.100.200'],
  ...['168.63.129.16', 'fd00:ec2::254', 'fd00:ec2::253', 'fd00:ec2::23', 'fd20:ce::254'],
]);

const HINT = 'allowAddresses of the source takes it';

/**
 * Why an instance must not be served (BAD9): a source that can be made to name loopback, link-local
 * or metadata addresses would make every proxy of the fleet a way to them. `undefined`: it may be.
 */
export function refusal(instance: Instance, allowed: ReadonlySet<AddressRange>): string | undefined {
  return addressRefusal(instance.address, allowed) ?? portRefusal(instance.ports);
}

/** The same for an address alone, however it is spelt. */
export function addressRefusal(text: string, allowed: ReadonlySet<AddressRange>): string | undefined {
  if (isIP(text) === 0) return `"${text}" is not an IP address`;
  if (text.includes('%')) return `"${text}" has a zone, which means nothing on another machine`;
  const address = ipaddr.process(text);
  if (METADATA.has(address.toString())) {
    return allowed.has('metadata')
      ? undefined
      : `${text} is a cloud's metadata address: ${HINT} as "metadata"`;
  }
  switch (address.range()) {
    case 'unspecified':
    case 'multicast':
    case 'broadcast':
      return `${text} is a ${address.range()} address: nothing can be reached there`;
    case 'loopback':
      return allowed.has('loopback') ? undefined : `${text} is a loopback address: ${HINT} as "loopback"`;
    case 'linkLocal':
      return allowed.has('linkLocal') ? undefined : `${text} is a link-local address: ${HINT} as "linkLocal"`;
    default:
      return undefined;
  }
}

function portRefusal(ports: Instance['ports']): string | undefined {
  for (const [name, port] of Object.entries(ports)) {
    if (Number.isInteger(port) && port >= 1 && port <= 65_535) continue;
    return `port ${name === '' ? '' : `"${name}" `}is ${port}: ports are 1-65535`;
  }
  return undefined;
}
