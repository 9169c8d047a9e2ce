import { hash } from 'node:crypto';
import { type Budget, createBudget } from '../../aws/budget.ts';
import { faultKind } from '../../aws/fault.ts';
import { type Clock, systemClock } from '../../clock.ts';
import type { OpenCalls } from './client.ts';
import type { Facts } from './facts.ts';
import { listInstances } from './listing.ts';
import type { ListingRequest } from './protocol.ts';

export type Listed = ReadonlyMap<string, Facts>;

interface Kept {
  readonly listed: Listed;
  readonly hashes: ReadonlyMap<string, string>;
  readonly at: number;
}

interface Running {
  readonly listed: Promise<Listed>;
  readonly controller: AbortController;
  waiting: number;
}

export type OpenClient = (request: ListingRequest, budget: Budget) => OpenCalls;

/**
 * What EC2 was asked and said, for all sources of the process: equal questions are asked once, and
 * an instance that is as it was is the same object as before.
 */
export class Listings {
  readonly #open: OpenClient;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  readonly #clients = new Map<string, OpenCalls>();
  readonly #budgets = new Map<string, Budget>();

  constructor(open: OpenClient, clock: Clock = systemClock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Everything that matches; not older than `maxAgeMs` if another source asked the same before. */
  async list(request: ListingRequest, maxAgeMs: number, signal: AbortSignal): Promise<Listed> {
    signal.throwIfAborted();
    const key = JSON.stringify(request);
    const kept = this.#kept.get(key);
    const age = kept === undefined ? -1 : this.#clock.now() - kept.at;
    if (kept !== undefined && age >= 0 && age < maxAgeMs) return kept.listed;
    const running = this.#running.get(key) ?? this.#start(key, request);
    return join(running, signal);
  }

  /** What nobody watches any more need not be kept. */
  drop(request: ListingRequest): void {
    this.#kept.delete(JSON.stringify(request));
    this.#forgetClient(request);
  }

  #start(key: string, request: ListingRequest): Running {
    const controller = new AbortController();
    const listed = this.#read(key, request, controller.signal).finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    // Whoever joins handles its own; this one has nobody when all have gone.
    listed.catch(() => undefined);
    const running: Running = { listed, controller, waiting: 0 };
    this.#running.set(key, running);
    controller.signal.addEventListener('abort', () => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    return running;
  }

  async #read(key: string, request: ListingRequest, signal: AbortSignal): Promise<Listed> {
    try {
      const fresh = await listInstances(this.#clientFor(request), request, signal);
      const kept = reuse(fresh, this.#kept.get(key), this.#clock.now());
      this.#kept.set(key, kept);
      return kept.listed;
    } catch (error) {
      // A rotated key or a new token is only seen by a new client.
      if (faultKind(error) === 'credentials') this.#forgetClient(request);
      throw error;
    }
  }

  #clientFor(request: ListingRequest): OpenCalls {
    const key = clientKey(request);
    const known = this.#clients.get(key);
    if (known !== undefined) return known;
    const client = this.#open(request, this.#budgetFor(request));
    this.#clients.set(key, client);
    return client;
  }

  #forgetClient(request: ListingRequest): void {
    const key = clientKey(request);
    this.#clients.get(key)?.close();
    this.#clients.delete(key);
  }

  /** Outlives its clients: a new key does not make a new budget. */
  #budgetFor({ account, region, endpoint }: ListingRequest): Budget {
    const key = JSON.stringify([account, region, endpoint]);
    const budget = this.#budgets.get(key) ?? createBudget(this.#clock);
    this.#budgets.set(key, budget);
    return budget;
  }
}

function clientKey({ region, credentials, endpoint, stsEndpoint }: ListingRequest): string {
  return JSON.stringify([region, credentials, endpoint, stsEndpoint]);
}

/** Waits for a listing that others may wait for too; the last one to go ends it. */
async function join(running: Running, signal: AbortSignal): Promise<Listed> {
  const gone = Promise.withResolvers<never>();
  const leave = (): void => gone.reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  running.waiting += 1;
  try {
    return await Promise.race([running.listed, gone.promise]);
  } finally {
    signal.removeEventListener('abort', leave);
    running.waiting -= 1;
    if (running.waiting === 0) running.controller.abort();
  }
}

function reuse(fresh: Listed, before: Kept | undefined, at: number): Kept {
  const listed = new Map<string, Facts>();
  const hashes = new Map<string, string>();
  for (const id of [...fresh.keys()].sort()) {
    const facts = fresh.get(id);
    if (facts === undefined) continue;
    const digest = hash('sha1', JSON.stringify(facts), 'base64');
    const old = before?.hashes.get(id) === digest ? before.listed.get(id) : undefined;
    listed.set(id, old ?? facts);
    hashes.set(id, digest);
  }
  return { listed, hashes, at };
}
