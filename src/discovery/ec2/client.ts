import {
  DescribeAvailabilityZonesCommand,
  type DescribeAvailabilityZonesResult,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import type { Budget } from '../../aws/budget.ts';
import { credentialsFor } from '../../aws/credentials.ts';
import { faultKind } from '../../aws/fault.ts';
import type { AwsKeys } from '../../aws/keys.ts';
import type { Ec2Calls, PageRequest } from './calls.ts';
import { type InstancesPage, readInstancesPage } from './instances-answer.ts';
import type { ListingRequest } from './protocol.ts';
import { okBody, wholeBody } from './response.ts';

const PAGE_SIZE = 1000;
/** What is left for the SDK of an answer that was read already. */
const READ = Buffer.from('<DescribeInstancesResponse/>');

/** A client for one account and region. `close` ends its connections. */
export interface OpenCalls extends Ec2Calls {
  close(): void;
}

export interface ClientNeeds {
  readonly budget: Budget;
  readonly keys: AwsKeys | undefined;
}

export function openCalls(request: ListingRequest, { budget, keys }: ClientNeeds): OpenCalls {
  const { region, endpoint } = request;
  const client = new EC2Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: credentialsFor(request.credentials, { ...request, keys }),
    retryMode: 'adaptive',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
  });
  keepToBudget(client, budget);
  checkAnswers(client);
  return { ...callsOf(client, region), close: () => client.destroy() };
}

/** Inside the SDK's own retries: each attempt is a call. */
function keepToBudget(client: EC2Client, budget: Budget): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      await budget.take(undefined);
      try {
        const answer = await next(args);
        budget.answered();
        return answer;
      } catch (error) {
        if (faultKind(error) === 'throttled') budget.throttled();
        throw error;
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'musterBudget' },
  );
}

/** Before the SDK parses it: an empty page or HTML with status 200 would else read as "no instances". */
function checkAnswers(client: EC2Client): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      const body = okBody(answer.response);
      const action = String(context.commandName ?? '').replace(/Command$/, '');
      if (body === undefined || action === 'DescribeInstances') return answer;
      const whole = await wholeBody(body, action);
      return { ...answer, response: Object.assign(answer.response ?? {}, { body: whole }) };
    },
    { step: 'deserialize', priority: 'low', name: 'musterCheckAnswer' },
  );
}

function callsOf(client: EC2Client, region: string): Ec2Calls {
  return {
    async instances(page) {
      const command = new DescribeInstancesCommand(inputOf(page));
      let read: InstancesPage = { items: [], nextToken: undefined };
      command.middlewareStack.add(
        (next) => async (args) => {
          const answer = await next(args);
          const body = okBody(answer.response);
          if (body === undefined) return answer;
          read = await readInstancesPage(body, region);
          return { ...answer, response: Object.assign(answer.response ?? {}, { body: READ }) };
        },
        { step: 'deserialize', priority: 'low', name: 'musterReadInstances' },
      );
      await client.send(command, { abortSignal: page.signal });
      return read;
    },
    async statuses(page) {
      const { InstanceStatuses, NextToken } = await client.send(
        new DescribeInstanceStatusCommand(inputOf(page)),
        { abortSignal: page.signal },
      );
      return { items: idsOf(InstanceStatuses, 'InstanceId'), nextToken: tokenOf(NextToken) };
    },
    async interfaces(page) {
      const { NetworkInterfaces, NextToken } = await client.send(
        new DescribeNetworkInterfacesCommand(inputOf(page)),
        { abortSignal: page.signal },
      );
      return { items: idsOf(NetworkInterfaces, 'NetworkInterfaceId'), nextToken: tokenOf(NextToken) };
    },
    async zones(signal) {
      const answer = await client.send(new DescribeAvailabilityZonesCommand({}), { abortSignal: signal });
      return zoneNames(answer);
    },
  };
}

function inputOf({ filters, nextToken }: PageRequest) {
  return {
    Filters: filters.map(({ name, values }) => ({ Name: name, Values: [...values] })),
    MaxResults: PAGE_SIZE,
    NextToken: nextToken,
  };
}

/** The last page may carry an empty token. */
function tokenOf(token: string | undefined): string | undefined {
  return token === '' ? undefined : token;
}

function idsOf<Key extends string>(
  items: readonly { readonly [Name in Key]?: string | undefined }[] | undefined,
  key: Key,
): readonly string[] {
  return (items ?? []).flatMap((item) => item[key] ?? []);
}

function zoneNames({ AvailabilityZones }: DescribeAvailabilityZonesResult): readonly string[] {
  return idsOf(AvailabilityZones, 'ZoneName');
}
