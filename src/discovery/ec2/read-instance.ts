import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Addresses, Facts, Interface } from './facts.ts';
import { childOf, listOf, textOf } from './wanted.ts';
import type { Wanted } from './xml.ts';

/** Every label's name once: twenty thousand instances have the same few hundred. */
const tagLabels = new Map<string, string>();
const MOST_TAG_LABELS = 10_000;

/** What we keep of one instance; undefined: it has no id, so nothing can be said of it. */
export function factsOf(instance: Wanted, ownerId: string | undefined, region: string): Facts | undefined {
  const id = textOf(instance, 'InstanceId');
  if (id === undefined) return undefined;
  const placement = childOf(instance, 'Placement');
  const interfaces = listOf(instance, 'NetworkInterfaces').map(interfaceOf);
  const addresses = addressesOf(instance, interfaces);
  const zone = textOf(placement, 'AvailabilityZoneId') ?? textOf(placement, 'AvailabilityZone') ?? '';
  return {
    id,
    state: textOf(childOf(instance, 'State'), 'Name') ?? 'unknown',
    impaired: false,
    locality: { region, zone, subZone: '' },
    labels: labelsOf(instance, { id, ownerId, region, addresses }),
    addresses,
    interfaces,
  };
}

function interfaceOf(one: Wanted): Interface {
  const v6 = listOf(one, 'Ipv6Addresses');
  const primary = v6.find((address) => address['IsPrimaryIpv6'] === 'true') ?? v6[0];
  const index = textOf(childOf(one, 'Attachment'), 'DeviceIndex');
  return {
    id: textOf(one, 'NetworkInterfaceId') ?? '',
    index: index !== undefined && /^[0-9]{1,3}$/.test(index) ? Number(index) : undefined,
    subnet: textOf(one, 'SubnetId'),
    tagged: false,
    privateIpv4: addressOf(one, 'PrivateIpAddress'),
    publicIpv4: addressOf(childOf(one, 'Association'), 'PublicIp'),
    ipv6: addressOf(primary, 'Ipv6Address'),
  };
}

function addressesOf(instance: Wanted, interfaces: readonly Interface[]): Addresses {
  const first = interfaces.find(({ index }) => index === 0);
  return {
    privateIpv4: addressOf(instance, 'PrivateIpAddress') ?? first?.privateIpv4,
    publicIpv4: addressOf(instance, 'PublicIpAddress') ?? first?.publicIpv4,
    ipv6: addressOf(instance, 'Ipv6Address') ?? first?.ipv6,
  };
}

/** One spelling for each address; what is none is as good as absent. */
function addressOf(from: Wanted | undefined, name: string): string | undefined {
  const text = textOf(from, name);
  if (text === undefined || text.includes('%')) return undefined;
  const version = isIP(text);
  if (version === 0) return undefined;
  return version === 6 ? ipaddr.parse(text).toString() : text;
}

interface Known {
  readonly id: string;
  readonly ownerId: string | undefined;
  readonly region: string;
  readonly addresses: Addresses;
}

/** The one table of labels: docs/sources/ec2.md says the same for people. */
function labelsOf(instance: Wanted, known: Known): Readonly<Record<string, string>> {
  const placement = childOf(instance, 'Placement');
  const tags = listOf(instance, 'Tags').flatMap((tag): [string, string][] => {
    const key = textOf(tag, 'Key');
    return key === undefined ? [] : [[key, textOf(tag, 'Value') ?? '']];
  });
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['ec2.instanceId', known.id],
    ['ec2.region', known.region],
    ['ec2.accountId', known.ownerId],
    ['ec2.zone', textOf(placement, 'AvailabilityZone')],
    ['ec2.zoneId', textOf(placement, 'AvailabilityZoneId')],
    ['ec2.state', textOf(childOf(instance, 'State'), 'Name')],
    ['ec2.type', textOf(instance, 'InstanceType')],
    ['ec2.imageId', textOf(instance, 'ImageId')],
    ['ec2.vpcId', textOf(instance, 'VpcId')],
    ['ec2.subnetId', textOf(instance, 'SubnetId')],
    ['ec2.lifecycle', textOf(instance, 'InstanceLifecycle') ?? 'on-demand'],
    ['ec2.architecture', textOf(instance, 'Architecture')],
    ['ec2.platform', textOf(instance, 'PlatformDetails')],
    ['ec2.tenancy', textOf(placement, 'Tenancy')],
    ['ec2.keyName', textOf(instance, 'KeyName')],
    ['ec2.launchTime', timeText(textOf(instance, 'LaunchTime'))],
    ['ec2.privateIp', known.addresses.privateIpv4],
    ['ec2.publicIp', known.addresses.publicIpv4],
    ['ec2.ipv6', known.addresses.ipv6],
    ['ec2.privateDns', textOf(instance, 'PrivateDnsName')],
    ['ec2.publicDns', textOf(instance, 'PublicDnsName')],
    ['ec2.instanceProfile', textOf(childOf(instance, 'IamInstanceProfile'), 'Arn')],
    ['ec2.asg', tags.find(([key]) => key === 'aws:autoscaling:groupName')?.[1]],
  ];
  const own = facts.filter((entry): entry is [string, string] => entry[1] !== undefined);
  // Sorted, so that the order in which the API gives tags is no change.
  const named = tags.map(([key, value]): [string, string] => [tagLabel(key), value]);
  return Object.fromEntries([...own, ...named.sort(([left], [right]) => (left < right ? -1 : 1))]);
}

/** Without the milliseconds' varying forms; what is no time is none. */
function timeText(text: string | undefined): string | undefined {
  const time = new Date(text ?? '');
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function tagLabel(key: string): string {
  const known = tagLabels.get(key);
  if (known !== undefined) return known;
  const label = `ec2.tag.${key}`;
  if (tagLabels.size < MOST_TAG_LABELS) tagLabels.set(key, label);
  return label;
}
