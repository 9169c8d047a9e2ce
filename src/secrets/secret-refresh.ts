import { isDeepStrictEqual } from 'node:util';
import { type Clock, retryDelayMs } from '../clock.ts';
import type { MusterError } from '../errors.ts';
import type { SecretConfig } from '../model/config.ts';
import { endOf, expiryAlarm } from './expiry.ts';
import { problemOf } from './problem.ts';
import { readInTime } from './read-in-time.ts';
import { ReadSlots } from './read-slots.ts';
import type { RefreshOptions, SecretStatus } from './refresh.ts';
import { ExpiryLadder, type Standing, takeVersion } from './standing.ts';
import type { SecretStore, SecretVersion, UnchangedSecret } from './store.ts';

const DEFAULT_INTERVAL_MS = 60_000;

type Edges = RefreshOptions & { readonly clock: Clock; readonly random: () => number };

/** What one secret's life needs besides its config. */
export interface RefreshPlace {
  readonly store: SecretStore;
  /** Few reads of one store run at a time; the rest wait their turn here. */
  readonly turn: <T>(read: () => Promise<T>) => Promise<T>;
  /** This secret's share of the interval, in [0, 1). */
  readonly phase: number;
  readonly standing: Standing | undefined;
}

/** The life of one secret: read, check, hand on, wait; for ever, until stopped. */
export class SecretRefresh {
  readonly #config: SecretConfig;
  readonly #place: RefreshPlace;
  readonly #edges: Edges;
  readonly #life = new AbortController();
  readonly #slots: ReadSlots;
  readonly #ladder = new ExpiryLadder();
  #standing: Standing | undefined;
  #problem: MusterError | undefined;
  #warnings: readonly string[] = [];
  /** Those of the version that is served; the store's own come with each read. */
  #checkWarnings: readonly string[] = [];
  #failures = 0;
  #lastRead: number | undefined;
  #lastSuccess: number | undefined;
  #nextAttempt: number | undefined;
  #cancelWait: (() => void) | undefined;
  #reading = false;
  #hinted = false;

  /** Reads at once, and tells through the callbacks only after this returns. */
  constructor(config: SecretConfig, place: RefreshPlace, edges: Edges) {
    this.#config = config;
    this.#place = place;
    this.#edges = edges;
    this.#standing = place.standing;
    this.#slots = new ReadSlots(place.phase);
    place.store.watch?.(config.ref, () => this.#hint(), this.#life.signal);
    this.#wait(0);
  }

  isFor(config: SecretConfig, store: SecretStore): boolean {
    const mine = this.#config;
    return (
      store === this.#place.store && config.kind === mine.kind && isDeepStrictEqual(config.ref, mine.ref)
    );
  }

  /** What a successor of the same name and kind goes on serving until it has read its own. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  stop(): void {
    this.#cancelWait?.();
    this.#nextAttempt = undefined;
    this.#life.abort();
  }

  status(): SecretStatus {
    const served = this.#standing?.secret;
    return {
      name: this.#config.name,
      kind: this.#config.kind,
      store: this.#config.store,
      state: this.#state(),
      version: this.#standing?.known,
      problem: this.#problem?.message,
      warnings: this.#warnings,
      alarm: served === undefined ? 'none' : expiryAlarm(served, this.#edges.clock.now()),
      failures: this.#failures,
      lastRead: this.#lastRead,
      lastSuccess: this.#lastSuccess,
      notAfter: served === undefined ? undefined : endOf(served),
      nextAttempt: this.#nextAttempt,
    };
  }

  #state(): SecretStatus['state'] {
    if (this.#standing === undefined) return 'absent';
    if (this.#standing.source === 'restored') return 'restored';
    if (this.#problem !== undefined) return 'failing';
    const alarm = expiryAlarm(this.#standing.secret, this.#edges.clock.now());
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
    const delayMs = await this.#look();
    this.#reading = false;
    if (delayMs === undefined) return;
    const ending = this.#standing && this.#ladder.step(this.#standing.secret, this.#edges.clock.now());
    if (ending !== undefined) this.#edges.onWarning?.(this.#config.name, ending);
    this.#wait(this.#hinted ? 0 : delayMs);
  }

  /** Answers how long to wait; undefined: it was stopped meanwhile. */
  async #look(): Promise<number | undefined> {
    const { clock, random } = this.#edges;
    try {
      const version = await this.#place.turn(() => this.#read());
      if (this.#life.signal.aborted) return undefined;
      this.#lastRead = clock.now();
      this.#take(version);
      this.#failures = 0;
      return this.#slots.wait(clock.now(), version.checkAgainMs ?? DEFAULT_INTERVAL_MS);
    } catch (error) {
      if (this.#life.signal.aborted) return undefined;
      this.#lastRead = clock.now();
      this.#failures += 1;
      this.#tell(problemOf(this.#config, 'secret_failed', error));
      return retryDelayMs(this.#failures, random);
    }
  }

  async #read(): Promise<SecretVersion | UnchangedSecret> {
    const { store } = this.#place;
    const { clock } = this.#edges;
    const { signal } = this.#life;
    const known = this.#standing?.known;
    const version = await readInTime({ store, config: this.#config, known, clock, signal });
    if (version !== undefined) return version;
    const served = this.#standing === undefined ? '' : '; what was read before is served on';
    throw new Error(`it does not exist in the store "${this.#config.store}"${served}`);
  }

  #take(version: SecretVersion | UnchangedSecret): void {
    const { clock, onSecret } = this.#edges;
    const taken = takeVersion(this.#standing, version, this.#config, clock.now());
    if ('refused' in taken) throw problemOf(this.#config, 'secret_invalid', taken.refused);
    this.#standing = taken.standing;
    if (taken.isNew) onSecret(this.#config.name, taken.standing.secret);
    this.#checkWarnings = taken.warnings ?? this.#checkWarnings;
    this.#warn([...this.#checkWarnings, ...(version.warnings ?? [])]);
    this.#lastSuccess = clock.now();
    this.#tell(undefined);
  }

  #warn(warnings: readonly string[]): void {
    const news = warnings.filter((warning) => !this.#warnings.includes(warning));
    this.#warnings = warnings;
    for (const warning of news) this.#edges.onWarning?.(this.#config.name, warning);
  }

  #tell(problem: MusterError | undefined): void {
    if (problem?.message === this.#problem?.message) return;
    this.#problem = problem;
    this.#edges.onProblem(this.#config.name, problem);
  }
}
