import { isDeepStrictEqual } from 'node:util';
import { type Clock, retryDelayMs } from '../clock.ts';
import { MusterError } from '../errors.ts';
import type { SecretConfig } from '../model/config.ts';
import { type ExpiryAlarm, endOf, expiryAlarm } from './expiry.ts';
import { checkMaterial } from './material.ts';
import type { RefreshOptions, SecretStatus } from './refresh.ts';
import type { CheckedSecret, SecretStore, SecretVersion, UnchangedSecret } from './store.ts';

const DEFAULT_INTERVAL_MS = 60_000;
const READ_DEADLINE_MS = 30_000;
const JITTER = 0.1;

type Edges = RefreshOptions & { readonly clock: Clock; readonly random: () => number };

/** The life of one secret: read, check, hand on, wait; for ever, until stopped. */
export class SecretRefresh {
  readonly #config: SecretConfig;
  readonly #store: SecretStore;
  readonly #edges: Edges;
  readonly #life = new AbortController();
  #served: CheckedSecret | undefined;
  #problem: MusterError | undefined;
  #alarm: ExpiryAlarm = 'none';
  #failures = 0;
  #lastSuccess: number | undefined;
  #nextAttempt: number | undefined;
  #cancelWait: (() => void) | undefined;
  #reading = false;
  #hinted = false;

  /** Reads at once, and tells through the callbacks only after this returns. */
  constructor(config: SecretConfig, store: SecretStore, edges: Edges) {
    this.#config = config;
    this.#store = store;
    this.#edges = edges;
    store.watch?.(config.ref, () => this.#hint(), this.#life.signal);
    this.#wait(0);
  }

  isFor(config: SecretConfig, store: SecretStore): boolean {
    const mine = this.#config;
    return store === this.#store && config.kind === mine.kind && isDeepStrictEqual(config.ref, mine.ref);
  }

  stop(): void {
    this.#cancelWait?.();
    this.#nextAttempt = undefined;
    this.#life.abort();
  }

  status(): SecretStatus {
    const alarm = this.#served === undefined ? 'none' : expiryAlarm(this.#served, this.#edges.clock.now());
    return {
      name: this.#config.name,
      state: this.#state(alarm),
      version: this.#served?.version,
      problem: this.#problem?.message,
      alarm,
      lastSuccess: this.#lastSuccess,
      notAfter: this.#served === undefined ? undefined : endOf(this.#served),
      nextAttempt: this.#nextAttempt,
    };
  }

  #state(alarm: ExpiryAlarm): SecretStatus['state'] {
    if (this.#served === undefined) return 'absent';
    if (this.#problem !== undefined) return 'failing';
    return alarm === 'none' ? 'ok' : 'expiring';
  }

  /** The store thinks that something changed: look now, or once more when the look that runs is done. */
  #hint(): void {
    if (this.#reading) this.#hinted = true;
    else this.#wait(0);
  }

  #wait(ms: number): void {
    if (this.#life.signal.aborted) return;
    this.#cancelWait?.();
    this.#nextAttempt = this.#edges.clock.now() + ms;
    this.#cancelWait = this.#edges.clock.after(ms, () => void this.#refresh());
  }

  /** Never rejects: every failure becomes the problem that status shows. */
  async #refresh(): Promise<void> {
    this.#cancelWait = undefined;
    this.#nextAttempt = undefined;
    this.#reading = true;
    this.#hinted = false;
    let delayMs: number;
    try {
      const version = await this.#read();
      if (this.#life.signal.aborted) return;
      this.#take(version);
      this.#failures = 0;
      delayMs = this.#spread(version.checkAgainMs ?? DEFAULT_INTERVAL_MS);
    } catch (error) {
      if (this.#life.signal.aborted) return;
      this.#failures += 1;
      this.#tell(this.#asProblem(error));
      delayMs = retryDelayMs(this.#failures, this.#edges.random);
    } finally {
      this.#reading = false;
    }
    this.#checkAlarm();
    this.#wait(this.#hinted ? 0 : delayMs);
  }

  async #read(): Promise<SecretVersion | UnchangedSecret> {
    const deadline = new AbortController();
    const signal = AbortSignal.any([this.#life.signal, deadline.signal]);
    const late = new Error(`the store gave no answer within ${READ_DEADLINE_MS / 1000} s`);
    const cancel = this.#edges.clock.after(READ_DEADLINE_MS, () => deadline.abort(late));
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const version = await Promise.race([
        this.#store.read(this.#config.ref, signal, this.#served?.version),
        aborted.promise,
      ]);
      if (version !== undefined) return version;
      const served = this.#served === undefined ? '' : '; what was read before is served on';
      throw new Error(`it does not exist in the store "${this.#config.store}"${served}`);
    } finally {
      cancel();
      signal.removeEventListener('abort', onAbort);
    }
  }

  #take(version: SecretVersion | UnchangedSecret): void {
    if (version.parts !== undefined && version.version !== this.#served?.version) {
      const { secret, problem, warnings } = checkMaterial(
        this.#config.kind,
        version,
        this.#edges.clock.now(),
      );
      if (secret === undefined) throw this.#fault('secret_invalid', problem ?? 'it cannot be used');
      this.#served = secret;
      this.#edges.onSecret(this.#config.name, secret);
      for (const warning of warnings) this.#edges.onWarning?.(this.#config.name, warning);
    }
    this.#lastSuccess = this.#edges.clock.now();
    this.#tell(undefined);
  }

  #tell(problem: MusterError | undefined): void {
    if (problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#edges.onProblem(this.#config.name, problem);
  }

  #checkAlarm(): void {
    const served = this.#served;
    const end = served === undefined ? undefined : endOf(served);
    if (served === undefined || end === undefined) return;
    const alarm = expiryAlarm(served, this.#edges.clock.now());
    if (alarm !== this.#alarm && alarm !== 'none') {
      const verb = alarm === 'expired' ? 'ended' : 'ends';
      this.#edges.onWarning?.(this.#config.name, `its validity ${verb} on ${new Date(end).toISOString()}`);
    }
    this.#alarm = alarm;
  }

  #asProblem(error: unknown): MusterError {
    if (error instanceof MusterError && error.code === 'secret_invalid') return error;
    return this.#fault('secret_failed', error instanceof Error ? error.message : String(error), error);
  }

  #fault(code: 'secret_failed' | 'secret_invalid', text: string, cause?: unknown): MusterError {
    const { name, origin } = this.#config;
    return new MusterError(code, `secret "${name}": ${text}`, { origin, cause });
  }

  #spread(ms: number): number {
    return Math.round(ms * (1 + JITTER * (2 * this.#edges.random() - 1)));
  }
}
