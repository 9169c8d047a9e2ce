import { isDeepStrictEqual } from 'node:util';
import { type Budget, createBudget } from '../../aws/budget.ts';
import { type AwsKeys, readAwsKeys } from '../../aws/keys.ts';
import type { Clock } from '../../clock.ts';
import type { SecretStoreContext } from '../store.ts';
import type { SecretsCalls } from './calls.ts';
import type { OpenCalls } from './client.ts';
import { ApiFault } from './fault.ts';
import type { AwsStoreOptions } from './schema.ts';

/** A start reads a thousand secrets in 60 calls; after it two calls a second are far more than is needed. */
const BURST = 100;

export type Open = (options: AwsStoreOptions, keys: AwsKeys | undefined) => OpenCalls;

interface Client {
  readonly keys: AwsKeys | undefined;
  readonly calls: OpenCalls;
  using: number;
}

interface Needs {
  readonly options: AwsStoreOptions;
  readonly secret: SecretStoreContext['secret'];
  readonly clock: Clock;
  readonly open: () => Promise<Open>;
}

/** Makes the calls over one client, which gives way to another when its keys changed or were refused. */
export class Connection implements SecretsCalls {
  readonly #needs: Needs;
  readonly #budget: Budget;
  #client: Client | undefined;
  #closed = false;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#budget = createBudget(needs.clock, { burst: BURST });
  }

  readonly list: SecretsCalls['list'] = (token, signal) =>
    this.#with((calls) => calls.list(token, signal), signal);

  readonly describe: SecretsCalls['describe'] = (id, signal) =>
    this.#with((calls) => calls.describe(id, signal), signal);

  readonly value: SecretsCalls['value'] = (id, stage, signal) =>
    this.#with((calls) => calls.value(id, stage, signal), signal);

  readonly batch: SecretsCalls['batch'] = (ids, signal) =>
    this.#with((calls) => calls.batch(ids, signal), signal);

  close(): void {
    this.#closed = true;
    this.#drop(this.#client);
  }

  /** A call in its turn. */
  async #with<Answer>(call: (calls: SecretsCalls) => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    await this.#budget.take(signal);
    const client = await this.#current();
    client.using += 1;
    try {
      const answer = await call(client.calls);
      this.#budget.answered();
      return answer;
    } catch (error) {
      if (error instanceof ApiFault) this.#failed(client, error);
      throw error;
    } finally {
      client.using -= 1;
      if (client.using === 0 && client !== this.#client) client.calls.close();
    }
  }

  #failed(client: Client, { kind }: ApiFault): void {
    if (kind === 'throttled') this.#budget.throttled();
    // A rotated key or a new token in a file is only seen by a new client, and one may wait for ever for its role.
    if (kind === 'credentials' || kind === 'network') this.#drop(client);
  }

  async #current(): Promise<Client> {
    const open = await this.#needs.open();
    if (this.#closed) throw new Error('the store is closed');
    const { options, secret } = this.#needs;
    const name = options.keys?.secret;
    const keys = name === undefined ? undefined : readAwsKeys(name, secret?.(name));
    if (this.#client !== undefined && isDeepStrictEqual(keys, this.#client.keys)) return this.#client;
    this.#drop(this.#client);
    this.#client = { keys, calls: open(options, keys), using: 0 };
    return this.#client;
  }

  /** Its calls that run end as they do. */
  #drop(client: Client | undefined): void {
    if (client === undefined || client !== this.#client) return;
    this.#client = undefined;
    if (client.using === 0) client.calls.close();
  }
}
