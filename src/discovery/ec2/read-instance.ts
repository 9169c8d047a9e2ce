import { isIP } from 'node:net';
import type { Instance as ApiInstance, InstanceNetworkInterface } from '@aws-sdk/client-ec2';
import ipaddr from 'ipaddr.js';
import type { Addresses, Facts, Interface } from './facts.ts';

/** Every label's name once: twenty thousand instances have the same few hundred. */
const tagLabels = new Map<string, string>();
const MOST_TAG_LABELS = 10_000;

/** What we keep of one instance; undefined: it has no id, so nothing can be said of it. */
export function factsOf(
  instance: ApiInstance,
  ownerId: string | undefined,
  region: string,
): Facts | undefined {
  const { InstanceId: id, Placement: placement } = instance;
  if (id === undefined || id === '') return undefined;
  const interfaces = (instance.NetworkInterfaces ?? []).map(interfaceOf);
  const addresses = addressesOf(instance, interfaces);
  const zone = placement?.AvailabilityZoneId ?? placement?.AvailabilityZone ?? '';
  return {
    id,
    state: instance.State?.Name ?? 'unknown',
    impaired: false,
    locality: { region, zone, subZone: '' },
    labels: labelsOf(instance, { id, ownerId, region, addresses }),
    addresses,
    interfaces,
  };
}

function interfaceOf(one: InstanceNetworkInterface): Interface {
  return {
    id: one.NetworkInterfaceId ?? '',
    index: one.Attachment?.DeviceIndex,
    subnet: one.SubnetId,
    tagged: false,
    privateIpv4: address(one.PrivateIpAddress),
    publicIpv4: address(one.Association?.PublicIp),
    ipv6: address((one.Ipv6Addresses?.find((v6) => v6.IsPrimaryIpv6) ?? one.Ipv6Addresses?.[0])?.Ipv6Address),
  };
}

function addressesOf(instance: ApiInstance, interfaces: readonly Interface[]): Addresses {
  const first = interfaces.find(({ index }) => index === 0);
  return {
    privateIpv4: address(instance.PrivateIpAddress) ?? first?.privateIpv4,
    publicIpv4: address(instance.PublicIpAddress) ?? first?.publicIpv4,
    ipv6: address(instance.Ipv6Address) ?? first?.ipv6,
  };
}

/** One spelling for each address; what is none is as good as absent. */
function address(text: string | undefined): string | undefined {
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
function labelsOf(instance: ApiInstance, known: Known): Readonly<Record<string, string>> {
  const facts: Readonly<Record<string, string | undefined>> = {
    'ec2.instanceId': known.id,
    'ec2.region': known.region,
    'ec2.accountId': known.ownerId,
    'ec2.zone': instance.Placement?.AvailabilityZone,
    'ec2.zoneId': instance.Placement?.AvailabilityZoneId,
    'ec2.state': instance.State?.Name,
    'ec2.type': instance.InstanceType,
    'ec2.imageId': instance.ImageId,
    'ec2.vpcId': instance.VpcId,
    'ec2.subnetId': instance.SubnetId,
    'ec2.lifecycle': instance.InstanceLifecycle ?? 'on-demand',
    'ec2.architecture': instance.Architecture,
    'ec2.platform': instance.PlatformDetails,
    'ec2.tenancy': instance.Placement?.Tenancy,
    'ec2.keyName': instance.KeyName,
    'ec2.launchTime': timeText(instance.LaunchTime),
    'ec2.privateIp': known.addresses.privateIpv4,
    'ec2.publicIp': known.addresses.publicIpv4,
    'ec2.ipv6': known.addresses.ipv6,
    'ec2.privateDns': instance.PrivateDnsName,
    'ec2.publicDns': instance.PublicDnsName,
    'ec2.instanceProfile': instance.IamInstanceProfile?.Arn,
    'ec2.asg': instance.Tags?.find(({ Key }) => Key === 'aws:autoscaling:groupName')?.Value,
  };
  const tags = (instance.Tags ?? []).flatMap(({ Key, Value }): [string, string][] =>
    Key === undefined || Key === '' ? [] : [[tagLabel(Key), Value ?? '']],
  );
  const own = Object.entries(facts).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  );
  // Sorted, so that the order in which the API gives tags is no change.
  return Object.fromEntries([...own, ...tags].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function timeText(time: Date | undefined): string | undefined {
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function tagLabel(key: string): string {
  const known = tagLabels.get(key);
  if (known !== undefined) return known;
  const label = `ec2.tag.${key}`;
  if (tagLabels.size < MOST_TAG_LABELS) tagLabels.set(key, label);
  return label;
}
