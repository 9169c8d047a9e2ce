/** Instances as EC2 writes them: about 6 kB of XML each, with 25 tags. */
export const INSTANCES = 20_000;
export const PAGE = 1_000;

/** One page of `DescribeInstances`; `turn` changes the first instance of the first page. */
export function pageText(page: number, turn: number): string {
  const items = Array.from({ length: PAGE }, (_, at) => reservation(page * PAGE + at, turn));
  const next = (page + 1) * PAGE < INSTANCES ? `<nextToken>${page + 1}</nextToken>` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>8f7724cf-496f-496e-8fe3-example</requestId>
    <reservationSet>
${items.join('\n')}
    </reservationSet>
    ${next}
</DescribeInstancesResponse>`;
}

function tags(index: number, turn: number): string {
  const all: Record<string, string> = {
    Name: `web-${index}.shop.example.internal`,
    'aws:autoscaling:groupName': `asg-service-${index % 100}-20260101`,
    service: `service-${index % 100}`,
    shard: String(Math.floor(index / 100) % 20),
    turn: String(index === 0 ? turn : 0),
  };
  for (let at = 0; at < 20; at += 1) all[`company:dimension-${at}`] = `value-${at}-of-team-${index % 40}`;
  return Object.entries(all)
    .map(
      ([key, value]) => `                        <item>
                            <key>${key}</key>
                            <value>${value}</value>
                        </item>`,
    )
    .join('\n');
}

function reservation(index: number, turn: number): string {
  const hex = index.toString(16).padStart(12, '0');
  const ip = `10.${20 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
  const dns = `ip-${ip.replaceAll('.', '-')}.eu-west-1.compute.internal`;
  const zone = 'abc'[index % 3] ?? 'a';
  const groups = Array.from(
    { length: 3 },
    (_, at) => `
                        <item>
                            <groupId>sg-0c0ffee${at}00000000</groupId>
                            <groupName>group-${at}</groupName>
                        </item>`,
  ).join('');
  const volumes = ['xvda', 'xvdb']
    .map(
      (name) => `
                        <item>
                            <deviceName>/dev/${name}</deviceName>
                            <ebs>
                                <volumeId>vol-0${hex}</volumeId>
                                <status>attached</status>
                                <attachTime>2026-10-01T08:12:51.000Z</attachTime>
                                <deleteOnTermination>true</deleteOnTermination>
                            </ebs>
                        </item>`,
    )
    .join('');
  return `        <item>
            <reservationId>r-0${hex}</reservationId>
            <ownerId>123456789012</ownerId>
            <groupSet/>
            <instancesSet>
                <item>
                    <instanceId>i-0abcd${hex}</instanceId>
                    <imageId>ami-0bff25b43a4479334</imageId>
                    <instanceState><code>16</code><name>running</name></instanceState>
                    <privateDnsName>${dns}</privateDnsName>
                    <dnsName/>
                    <reason/>
                    <keyName>operations</keyName>
                    <amiLaunchIndex>0</amiLaunchIndex>
                    <productCodes/>
                    <instanceType>m7g.large</instanceType>
                    <launchTime>2026-10-01T08:12:50.000Z</launchTime>
                    <placement>
                        <availabilityZone>eu-west-1${zone}</availabilityZone>
                        <availabilityZoneId>euw1-az${index % 3}</availabilityZoneId>
                        <groupName/>
                        <tenancy>default</tenancy>
                    </placement>
                    <monitoring><state>disabled</state></monitoring>
                    <subnetId>subnet-0ab12cd34ef56${zone}</subnetId>
                    <vpcId>vpc-0123456789abcdef0</vpcId>
                    <privateIpAddress>${ip}</privateIpAddress>
                    <sourceDestCheck>true</sourceDestCheck>
                    <groupSet>${groups}
                    </groupSet>
                    <architecture>arm64</architecture>
                    <rootDeviceType>ebs</rootDeviceType>
                    <rootDeviceName>/dev/xvda</rootDeviceName>
                    <blockDeviceMapping>${volumes}
                    </blockDeviceMapping>
                    <virtualizationType>hvm</virtualizationType>
                    <clientToken>fleet-${hex}-0e5d-4a1c-9a0b</clientToken>
                    <tagSet>
${tags(index, turn)}
                    </tagSet>
                    <hypervisor>xen</hypervisor>
                    <networkInterfaceSet>
                        <item>
                            <networkInterfaceId>eni-0${hex}</networkInterfaceId>
                            <subnetId>subnet-0ab12cd34ef56${zone}</subnetId>
                            <vpcId>vpc-0123456789abcdef0</vpcId>
                            <description/>
                            <ownerId>123456789012</ownerId>
                            <status>in-use</status>
                            <macAddress>0a:f1:00:00:00:01</macAddress>
                            <privateIpAddress>${ip}</privateIpAddress>
                            <privateDnsName>${dns}</privateDnsName>
                            <sourceDestCheck>true</sourceDestCheck>
                            <groupSet>${groups}
                            </groupSet>
                            <attachment>
                                <attachmentId>eni-attach-0${hex}</attachmentId>
                                <deviceIndex>0</deviceIndex>
                                <networkCardIndex>0</networkCardIndex>
                                <status>attached</status>
                                <attachTime>2026-10-01T08:12:50.000Z</attachTime>
                                <deleteOnTermination>true</deleteOnTermination>
                            </attachment>
                            <privateIpAddressesSet>
                                <item>
                                    <privateIpAddress>${ip}</privateIpAddress>
                                    <privateDnsName>${dns}</privateDnsName>
                                    <primary>true</primary>
                                </item>
                            </privateIpAddressesSet>
                            <ipv6AddressesSet/>
                            <interfaceType>interface</interfaceType>
                        </item>
                    </networkInterfaceSet>
                    <iamInstanceProfile>
                        <arn>arn:aws:iam::123456789012:instance-profile/web</arn>
                        <id>AIPA${hex}</id>
                    </iamInstanceProfile>
                    <ebsOptimized>true</ebsOptimized>
                    <enaSupport>true</enaSupport>
                    <cpuOptions><coreCount>2</coreCount><threadsPerCore>1</threadsPerCore></cpuOptions>
                    <capacityReservationSpecification>
                        <capacityReservationPreference>open</capacityReservationPreference>
                    </capacityReservationSpecification>
                    <hibernationOptions><configured>false</configured></hibernationOptions>
                    <metadataOptions>
                        <state>applied</state>
                        <httpTokens>required</httpTokens>
                        <httpPutResponseHopLimit>2</httpPutResponseHopLimit>
                        <httpEndpoint>enabled</httpEndpoint>
                        <instanceMetadataTags>disabled</instanceMetadataTags>
                    </metadataOptions>
                    <enclaveOptions><enabled>false</enabled></enclaveOptions>
                    <platformDetails>Linux/UNIX</platformDetails>
                    <usageOperation>RunInstances</usageOperation>
                    <maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>
                </item>
            </instancesSet>
        </item>`;
}
