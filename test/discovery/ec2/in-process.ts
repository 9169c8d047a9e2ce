import type { Clock } from '../../../src/clock.ts';
import type { Ec2Calls } from '../../../src/discovery/ec2/calls.ts';
import type { Host, Refreshed } from '../../../src/discovery/ec2/host.ts';
import { Listings } from '../../../src/discovery/ec2/listings.ts';
import type { FromWorker, ListingRequest, RefreshRequest } from '../../../src/discovery/ec2/protocol.ts';
import { ec2SourceOptions } from '../../../src/discovery/ec2/schema.ts';
import { RefreshServer } from '../../../src/discovery/ec2/server.ts';
import { watchTargets } from '../../../src/discovery/ec2/watch.ts';
import type { Source, SourceContext } from '../../../src/discovery/source.ts';
import type { Instance } from '../../../src/model/instance.ts';
import { budgeted } from './fake-calls.ts';

export interface InProcess extends Host {
  /** Clients made so far. */
  readonly opened: ListingRequest[];
  /** What went over the border. */
  readonly messages: FromWorker[];
}

/** The worker's code without its thread, before a fake EC2, on a clock of the test's. */
export function inProcessHost(calls: Ec2Calls, clock: Clock): InProcess {
  const opened: ListingRequest[] = [];
  const messages: FromWorker[] = [];
  const listings = new Listings((request, { budget }) => {
    opened.push(request);
    return budgeted(calls, budget);
  }, clock);
  let lastCall = 0;
  let lastWatch = 0;
  const waiting = new Map<number, (message: FromWorker) => void>();
  const server = new RefreshServer(listings, (message) => {
    messages.push(message);
    waiting.get(message.call)?.(message);
  });
  const refresh = (request: RefreshRequest, signal: AbortSignal): Promise<Refreshed> => {
    lastCall += 1;
    const call = lastCall;
    const set: Instance[] = [];
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => server.take({ kind: 'cancel', call }), { once: true });
      waiting.set(call, (message) => {
        if (message.kind === 'failed') return reject(new Error(message.message));
        if (message.kind === 'done') return resolve({ ...message, set });
        set.push(...message.instances);
        setImmediate(() => server.take({ kind: 'next', call }));
      });
      server.take({ kind: 'refresh', call, request });
    });
  };
  return {
    opened,
    messages,
    lease() {
      lastWatch += 1;
      const watch = lastWatch;
      return { watch, refresh, close: async () => server.take({ kind: 'forget', watch }) };
    },
  };
}

export function sourceOn(host: Host, options: object, context: Partial<SourceContext>): Source {
  const parsed = ec2SourceOptions.parse({ regions: ['eu-west-1'], port: 8080, ...options });
  const parts = {
    options: parsed,
    context: { name: 'vms', baseDir: '.', random: () => 0.5, ...context },
    host,
  };
  return { watch: (signal) => watchTargets(parts, signal) };
}
