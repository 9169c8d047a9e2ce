import { hash } from 'node:crypto';
import { type Budget, createBudget } from '../../aws/budget.ts';
import { faultKind } from '../../aws/fault.ts';
import type { AwsKeys } from '../../aws/keys.ts';
import { type Clock, systemClock } from '../../clock.ts';
import type { ClientNeeds, OpenCalls } from './client.ts';
import type { Facts } from './facts.ts';
import { listInstances } from './listing.ts';
import type { ListingRequest } from './protocol.ts';

export type Listed = ReadonlyMap<string, Facts>;

/** What is asked, and with which keys if the config names some. */
export interface Question {
  readonly listing: ListingRequest;
  readonly keys?: AwsKeys | undefined;
}

interface Kept {
  /** What it was read with: other keys may be those of another account. */
  readonly keys: string;
  readonly listed: Listed;
  readonly hashes: ReadonlyMap<string, string>;
  readonly at: number;
}

interface Running {
  readonly listed: Promise<Listed>;
  readonly controller: AbortController;
  waiting: number;
}

interface Client {
  readonly keys: string;
  readonly calls: OpenCalls;
}

export type OpenClient = (request: ListingRequest, needs: ClientNeeds) => OpenCalls;

/**
 * What EC2 was asked and said, for all sources of the process: equal questions are asked once, and
 * an instance that is as it was is the same object as before.
 */
export class Listings {
  readonly #open: OpenClient;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  readonly #clients = new Map<string, Client>();
  readonly #budgets = new Map<string, Budget>();

  constructor(open: OpenClient, clock: Clock = systemClock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Everything that matches; not older than `maxAgeMs` if another source asked the same before. */
  async list(question: Question, maxAgeMs: number, signal: AbortSignal): Promise<Listed> {
    signal.throwIfAborted();
    const key = JSON.stringify(question.listing);
    const keys = keysId(question);
    const kept = this.#kept.get(key);
    const age = kept?.keys === keys ? this.#clock.now() - kept.at : -1;
    if (kept !== undefined && age >= 0 && age < maxAgeMs) return kept.listed;
    const running = this.#running.get(key + keys) ?? this.#start(key, question);
    return join(running, signal);
  }

  /** What nobody watches any more need not be kept. */
  drop(request: ListingRequest): void {
    this.#kept.delete(JSON.stringify(request));
    this.#forgetClient(request);
  }

  #start(key: string, question: Question): Running {
    const name = key + keysId(question);
    const controller = new AbortController();
    const listed = this.#read(key, question, controller.signal).finally(() => {
      if (this.#running.get(name) === running) this.#running.delete(name);
    });
    // Whoever joins handles its own; this one has nobody when all have gone.
    listed.catch(() => undefined);
    const running: Running = { listed, controller, waiting: 0 };
    this.#running.set(name, running);
    controller.signal.addEventListener('abort', () => {
      if (this.#running.get(name) === running) this.#running.delete(name);
    });
    return running;
  }

  async #read(key: string, question: Question, signal: AbortSignal): Promise<Listed> {
    try {
      const fresh = await listInstances(this.#clientFor(question), question.listing, signal);
      const before = this.#kept.get(key);
      const kept = { ...reuse(fresh, before, this.#clock.now()), keys: keysId(question) };
      this.#kept.set(key, kept);
      return kept.listed;
    } catch (error) {
      // A rotated key or a new token is only seen by a new client.
      if (faultKind(error) === 'credentials') this.#forgetClient(question.listing);
      throw error;
    }
  }

  #clientFor({ listing, keys }: Question): OpenCalls {
    const key = clientKey(listing);
    const known = this.#clients.get(key);
    if (known?.keys === keysId({ listing, keys })) return known.calls;
    this.#forgetClient(listing);
    const calls = this.#open(listing, { budget: this.#budgetFor(listing), keys });
    this.#clients.set(key, { keys: keysId({ listing, keys }), calls });
    return calls;
  }

  #forgetClient(request: ListingRequest): void {
    const key = clientKey(request);
    this.#clients.get(key)?.calls.close();
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

/** Tells keys apart without holding them. */
function keysId({ keys }: Question): string {
  return keys === undefined ? '' : hash('sha256', JSON.stringify(keys), 'base64');
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

function reuse(fresh: Listed, before: Kept | undefined, at: number): Omit<Kept, 'keys'> {
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
