import type { Budget } from '../../../src/aws/budget.ts';
import type { Ec2Calls, Page, PageRequest } from '../../../src/discovery/ec2/calls.ts';
import type { OpenCalls } from '../../../src/discovery/ec2/client.ts';
import type { Facts } from '../../../src/discovery/ec2/facts.ts';
import type { ListingRequest } from '../../../src/discovery/ec2/protocol.ts';

export const LISTING: ListingRequest = {
  account: '123456789012',
  region: 'eu-west-1',
  credentials: {},
  filters: [],
  endpoint: undefined,
  stsEndpoint: undefined,
  statusChecks: false,
  interfaceTag: undefined,
};

export function facts(id: string, more: Partial<Facts> = {}): Facts {
  return {
    id,
    state: 'running',
    impaired: false,
    locality: { region: 'eu-west-1', zone: 'euw1-az1', subZone: '' },
    labels: { 'ec2.instanceId': id },
    addresses: {
      privateIpv4: `10.0.0.${Number.parseInt(id.slice(2), 16)}`,
      publicIpv4: undefined,
      ipv6: undefined,
    },
    interfaces: [],
    ...more,
  };
}

/** An error as the SDK names it. */
export function named(name: string, message = ''): Error {
  return Object.assign(new Error(message), { name });
}

export interface FakeCalls extends Ec2Calls {
  /** What was asked: `a,b @token`. */
  readonly asked: string[];
}

export type Answers = (page: PageRequest, asked: number) => Page<Facts> | Error;

/** EC2 that answers as told. */
export function fakeCalls(answers: Answers, others: Partial<Ec2Calls> = {}): FakeCalls {
  const asked: string[] = [];
  const none = async () => ({ items: [], nextToken: undefined });
  return {
    asked,
    instances: async (page) => {
      const filters = page.filters.map(({ name, values }) => `${name}=${values.join('|')}`).join('&');
      asked.push(`${filters}@${page.nextToken ?? ''}`);
      const answer = answers(page, asked.length);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    statuses: none,
    interfaces: none,
    zones: async () => ['eu-west-1b', 'eu-west-1a'],
    ...others,
  };
}

/** The same behind a budget, as the client keeps to it. */
export function budgeted(calls: Ec2Calls, budget: Budget): OpenCalls {
  const spend = async <T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    await budget.take(signal);
    try {
      const answer = await call();
      budget.answered();
      return answer;
    } catch (error) {
      if (error instanceof Error && error.name === 'RequestLimitExceeded') budget.throttled();
      throw error;
    }
  };
  return {
    instances: (page) => spend(() => calls.instances(page), page.signal),
    statuses: (page) => spend(() => calls.statuses(page), page.signal),
    interfaces: (page) => spend(() => calls.interfaces(page), page.signal),
    zones: (signal) => spend(() => calls.zones(signal), signal),
    close: () => undefined,
  };
}
