import type { Facts } from './facts.ts';
import { StrangeAnswer } from './fault.ts';
import { factsOf } from './read-instance.ts';
import { listOf, textOf } from './wanted.ts';
import { type Shape, XmlReader } from './xml.ts';

const INTERFACE: Shape = {
  networkInterfaceId: 'NetworkInterfaceId',
  subnetId: 'SubnetId',
  privateIpAddress: 'PrivateIpAddress',
  attachment: { as: 'Attachment', shape: { deviceIndex: 'DeviceIndex' } },
  association: { as: 'Association', shape: { publicIp: 'PublicIp' } },
  ipv6AddressesSet: {
    as: 'Ipv6Addresses',
    items: { ipv6Address: 'Ipv6Address', isPrimaryIpv6: 'IsPrimaryIpv6' },
  },
};

/** The elements of an instance that `factsOf` reads, under the SDK's names. */
const INSTANCE: Shape = {
  instanceId: 'InstanceId',
  imageId: 'ImageId',
  instanceState: { as: 'State', shape: { name: 'Name' } },
  privateDnsName: 'PrivateDnsName',
  dnsName: 'PublicDnsName',
  keyName: 'KeyName',
  instanceType: 'InstanceType',
  launchTime: 'LaunchTime',
  placement: {
    as: 'Placement',
    shape: {
      availabilityZone: 'AvailabilityZone',
      availabilityZoneId: 'AvailabilityZoneId',
      tenancy: 'Tenancy',
    },
  },
  subnetId: 'SubnetId',
  vpcId: 'VpcId',
  privateIpAddress: 'PrivateIpAddress',
  ipAddress: 'PublicIpAddress',
  ipv6Address: 'Ipv6Address',
  architecture: 'Architecture',
  instanceLifecycle: 'InstanceLifecycle',
  platformDetails: 'PlatformDetails',
  iamInstanceProfile: { as: 'IamInstanceProfile', shape: { arn: 'Arn' } },
  tagSet: { as: 'Tags', items: { key: 'Key', value: 'Value' } },
  networkInterfaceSet: { as: 'NetworkInterfaces', items: INTERFACE },
};

const ANSWER: Shape = {
  reservationSet: {
    as: 'Reservations',
    items: { ownerId: 'OwnerId', instancesSet: { as: 'Instances', items: INSTANCE } },
  },
  nextToken: 'NextToken',
};

export interface InstancesPage {
  readonly items: readonly Facts[];
  readonly nextToken: string | undefined;
}

/** Reads one page of DescribeInstances as its bytes come; throws unless it is whole. */
export async function readInstancesPage(
  body: AsyncIterable<Uint8Array>,
  region: string,
): Promise<InstancesPage> {
  const items: Facts[] = [];
  const reader = new XmlReader('DescribeInstancesResponse', ANSWER, (reservation) => {
    const owner = textOf(reservation, 'OwnerId');
    for (const instance of listOf(reservation, 'Instances')) {
      const facts = factsOf(instance, owner, region);
      if (facts !== undefined) items.push(facts);
    }
  });
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of body) reader.write(decoder.decode(chunk, { stream: true }));
  reader.write(decoder.decode());
  const answer = reader.end();
  // "No instances" is only said by a list that is there and empty.
  if (answer['Reservations'] === undefined) throw new StrangeAnswer('the answer holds no list of instances');
  return { items, nextToken: textOf(answer, 'NextToken') };
}
