/**
 * What Terraform or an Auto Scaling group would do, for trying things out: starts, stops and ends
 * instances of the fleet `shop` at AWS_ENDPOINT_URL_EC2, by default http://127.0.0.1:5000.
 */
import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';

const endpoint = process.env['AWS_ENDPOINT_URL_EC2'] ?? 'http://127.0.0.1:5000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const ec2 = new EC2Client({ endpoint, region: 'eu-west-1', credentials });

async function start(httpPort: string): Promise<string> {
  const tags = { fleet: 'shop', app: 'web', 'http-port': httpPort };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: 'ami-12c6146b',
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
  return `${Instances?.[0]?.InstanceId} started: ${Instances?.[0]?.PrivateIpAddress}:${httpPort}`;
}

/** The first of the fleet that runs. */
async function first(): Promise<string> {
  const Filters = [
    { Name: 'tag:fleet', Values: ['shop'] },
    { Name: 'instance-state-name', Values: ['running'] },
  ];
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  const id = Reservations?.flatMap(({ Instances }) => Instances ?? [])[0]?.InstanceId;
  if (id === undefined) throw new Error('no instance of the fleet runs');
  return id;
}

const [verb, argument] = process.argv.slice(2);
if (verb === 'start') {
  console.log(await start(argument ?? '8080'));
} else if (verb === 'stop') {
  const id = await first();
  await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
  console.log(`${id} stopped`);
} else if (verb === 'terminate') {
  const id = await first();
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  console.log(`${id} terminated`);
} else {
  console.error('usage: node examples/ec2/instances.ts start [port] | stop | terminate');
  process.exitCode = 1;
}
