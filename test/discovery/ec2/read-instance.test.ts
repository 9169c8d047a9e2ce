import { expect, test } from 'vitest';
import { factsOf } from '../../../src/discovery/ec2/read-instance.ts';

const LONG = 'ä'.repeat(256);

test('every fact is a label, a tag exactly as written', () => {
  const tags = {
    app: 'web',
    App: 'other',
    quote: '"\'',
    lines: 'a\nb',
    long: LONG,
    größe: '大',
    __proto__x: '1',
  };
  const read = factsOf(
    {
      InstanceId: 'i-1',
      State: { Name: 'running' },
      Placement: { AvailabilityZone: 'eu-west-1a', AvailabilityZoneId: 'euw1-az3', Tenancy: 'default' },
      InstanceType: 't3.micro',
      ImageId: 'ami-1',
      VpcId: 'vpc-1',
      SubnetId: 'subnet-1',
      Architecture: 'x86_64',
      InstanceLifecycle: 'spot',
      PrivateIpAddress: '10.0.0.1',
      PublicIpAddress: '192.0.2.1',
      Ipv6Address: '2001:DB8:0:0::1',
      PrivateDnsName: 'a.internal',
      PublicDnsName: '',
      LaunchTime: '2026-01-02T03:04:05Z',
      KeyName: 'k',
      Tags: [
        ...Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
        { Key: '__proto__', Value: 'p' },
        { Key: 'aws:autoscaling:groupName', Value: 'web-asg' },
        { Key: 'empty' },
        { Value: 'no key' },
      ],
    },
    '123456789012',
    'eu-west-1',
  );
  expect(read?.labels).toEqual({
    'ec2.instanceId': 'i-1',
    'ec2.region': 'eu-west-1',
    'ec2.accountId': '123456789012',
    'ec2.zone': 'eu-west-1a',
    'ec2.zoneId': 'euw1-az3',
    'ec2.state': 'running',
    'ec2.type': 't3.micro',
    'ec2.imageId': 'ami-1',
    'ec2.vpcId': 'vpc-1',
    'ec2.subnetId': 'subnet-1',
    'ec2.lifecycle': 'spot',
    'ec2.architecture': 'x86_64',
    'ec2.tenancy': 'default',
    'ec2.keyName': 'k',
    'ec2.launchTime': '2026-01-02T03:04:05.000Z',
    'ec2.privateIp': '10.0.0.1',
    'ec2.publicIp': '192.0.2.1',
    'ec2.ipv6': '2001:db8::1',
    'ec2.privateDns': 'a.internal',
    'ec2.asg': 'web-asg',
    'ec2.tag.aws:autoscaling:groupName': 'web-asg',
    'ec2.tag.__proto__': 'p',
    'ec2.tag.empty': '',
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`ec2.tag.${key}`, value])),
  });
  expect(read?.locality).toEqual({ region: 'eu-west-1', zone: 'euw1-az3', subZone: '' });
});

test('the order in which the API gives tags is no difference', () => {
  const tags = [
    { Key: 'b', Value: '1' },
    { Key: 'a', Value: '2' },
  ];
  const [one, two] = [tags, tags.toReversed()].map((Tags) =>
    JSON.stringify(factsOf({ InstanceId: 'i-1', Tags }, undefined, 'eu-west-1')),
  );
  expect(one).toBe(two);
});

test('SRC11: without a zone id the zone is its name', () => {
  const read = factsOf(
    { InstanceId: 'i-1', Placement: { AvailabilityZone: 'eu-west-1a' } },
    undefined,
    'eu-west-1',
  );
  expect(read?.locality.zone).toBe('eu-west-1a');
});

test('an instance with next to nothing is read, one without an id is not', () => {
  expect(factsOf({ InstanceId: 'i-1' }, undefined, 'r')).toMatchObject({ state: 'unknown', interfaces: [] });
  expect(factsOf({}, undefined, 'r')).toBeUndefined();
});

test('SRC11: what is no address is none, the interfaces give what the instance lacks', () => {
  const read = factsOf(
    {
      InstanceId: 'i-1',
      PrivateIpAddress: 'evil.example.com',
      NetworkInterfaces: [
        { Attachment: { DeviceIndex: '1' }, PrivateIpAddress: '10.0.1.1' },
        {
          NetworkInterfaceId: 'eni-1',
          Attachment: { DeviceIndex: '0' },
          PrivateIpAddress: '10.0.0.1',
          Association: { PublicIp: '192.0.2.9' },
          Ipv6Addresses: [
            { Ipv6Address: '2001:db8::2' },
            { Ipv6Address: '2001:db8::3', IsPrimaryIpv6: 'true' },
          ],
        },
      ],
    },
    undefined,
    'eu-west-1',
  );
  expect(read?.addresses).toEqual({ privateIpv4: '10.0.0.1', publicIpv4: '192.0.2.9', ipv6: '2001:db8::3' });
});
