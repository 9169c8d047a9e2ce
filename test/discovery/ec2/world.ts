import {
  CreateTagsCommand,
  EC2Client,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';

export const CREDENTIALS = { accessKeyId: 'AKIAMUSTERTEST', secretAccessKey: 'muster-test-secret' } as const;

/** What an operator does in EC2. */
export interface Ec2World {
  readonly client: EC2Client;
  /** Starts one instance; answers its id and private address. */
  run(tags?: Readonly<Record<string, string>>, more?: Partial<RunInstancesCommandInput>): Promise<Started>;
  tag(id: string, tags: Readonly<Record<string, string>>): Promise<void>;
  stop(id: string): Promise<void>;
  start(id: string): Promise<void>;
  terminate(id: string): Promise<void>;
  close(): void;
}

export interface Started {
  readonly id: string;
  readonly address: string;
}

export function ec2World(endpoint: string, region = 'eu-west-1'): Ec2World {
  const client = new EC2Client({
    endpoint,
    region,
    credentials: CREDENTIALS,
    // A kept connection would look like one that a source left open.
    requestHandler: { httpAgent: { keepAlive: false } },
  });
  const tagList = (tags: Readonly<Record<string, string>>) =>
    Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return {
    client,
    async run(tags = {}, more = {}) {
      const one = { ImageId: 'ami-12c6146b', MinCount: 1, MaxCount: 1, InstanceType: 't3.micro' } as const;
      const specification = { ResourceType: 'instance', Tags: tagList(tags) } as const;
      const specifications = Object.keys(tags).length > 0 ? { TagSpecifications: [specification] } : {};
      const answer = await client.send(new RunInstancesCommand({ ...one, ...specifications, ...more }));
      const [instance] = answer.Instances ?? [];
      return { id: instance?.InstanceId ?? '', address: instance?.PrivateIpAddress ?? '' };
    },
    async tag(id, tags) {
      await client.send(new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }));
    },
    async stop(id) {
      await client.send(new StopInstancesCommand({ InstanceIds: [id] }));
    },
    async start(id) {
      await client.send(new StartInstancesCommand({ InstanceIds: [id] }));
    },
    async terminate(id) {
      await client.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    },
    close: () => client.destroy(),
  };
}
