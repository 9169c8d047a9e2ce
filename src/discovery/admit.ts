import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { AddressRange } from '../model/config.ts';
import type { Instance } from '../model/instance.ts';

/**
 * Where clouds hand out credentials and facts about a machine: AWS, GCP, Azure, OpenStack and others
 * share the first, AWS has more for containers and IPv6; Alibaba, Azure, Oracle and GCP one of their own.
 */
const METADATA: ReadonlySet<string> = new Set([
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '100.100.100.200', '168.63.129.16'],
  ...['192.0.0.192', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254'],
]);

/** IPv6 prefixes with an IPv4 address in them, and where it begins: NAT64, 6to4, translated, compatible. */
const EMBEDDED = [
  { range: ipaddr.IPv6.parseCIDR('64:ff9b::/96'), at: 12 },
  { range: ipaddr.IPv6.parseCIDR('64:ff9b:1::/48'), at: 12 },
  { range: ipaddr.IPv6.parseCIDR('2002::/16'), at: 2 },
  { range: ipaddr.IPv6.parseCIDR('::ffff:0:0:0/96'), at: 12 },
  { range: ipaddr.IPv6.parseCIDR('::/96'), at: 12 },
];

/**
 * Why an instance must not be served (BAD9); undefined where it may. Whoever can write to a source
 * could otherwise make the proxies talk to themselves or to a cloud's metadata service.
 */
export function refusal(instance: Instance, allowed: ReadonlySet<AddressRange>): string | undefined {
  for (const [name, port] of Object.entries(instance.ports)) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      return `port ${name === '' ? '' : `"${name}" `}${port}: ports are 1-65535`;
  }
  const fault = judge(instance.address, allowed);
  if (fault?.range === undefined) return fault?.words;
  return `${fault.words}: allowAddresses: [${fault.range}] in the source allows it`;
}

/** The same of an address alone, for those whom no setting can allow it. */
export function addressRefusal(address: string, allowed: ReadonlySet<AddressRange>): string | undefined {
  return judge(address, allowed)?.words;
}

interface Fault {
  readonly words: string;
  /** Allowed, it would be no fault. */
  readonly range?: AddressRange | undefined;
}

function judge(address: string, allowed: ReadonlySet<AddressRange>): Fault | undefined {
  if (address === '') return { words: 'it has no address of the kind that the source is asked for' };
  if (isIP(address) === 0 || address.includes('%'))
    return { words: `${JSON.stringify(address)} is not an IP address` };
  for (const form of formsOf(ipaddr.parse(address))) {
    const text = form.toString() === address ? address : `${address} (${form.toString()})`;
    const fault = judgeForm(form, allowed);
    if (fault !== undefined) return { ...fault, words: `${text} ${fault.words}` };
  }
  return undefined;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Itself, unless it stands for an IPv4 address: then that, as this is where the packets go. */
function formsOf(address: Address): readonly Address[] {
  if (!(address instanceof ipaddr.IPv6)) return [address];
  if (address.isIPv4MappedAddress()) return [address.toIPv4Address()];
  if (address.range() === 'loopback' || address.range() === 'unspecified') return [address];
  const bytes = address.toByteArray();
  const inner = EMBEDDED.filter(({ range }) => address.match(range)).map(
    ({ at }) => new ipaddr.IPv4(bytes.slice(at, at + 4)),
  );
  return [address, ...inner];
}

function judgeForm(address: Address, allowed: ReadonlySet<AddressRange>): Fault | undefined {
  const unless = (range: AddressRange, words: string): Fault | undefined =>
    allowed.has(range) ? undefined : { words, range };
  if (METADATA.has(address.toString())) return unless('metadata', "is a cloud's metadata service");
  switch (address.range()) {
    case 'unspecified':
      return { words: 'is the unspecified address: nothing can be reached there' };
    case 'multicast':
      return { words: 'is a multicast address: nothing can be reached there' };
    case 'broadcast':
      return { words: 'is the broadcast address: nothing can be reached there' };
    case 'loopback':
      return unless('loopback', "is the proxy's own machine");
    case 'linkLocal':
      return unless('linkLocal', 'is a link-local address');
    default:
      return undefined;
  }
}
