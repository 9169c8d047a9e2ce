import { MusterError } from '../../errors.ts';
import type { Instance } from '../../model/instance.ts';
import type { ReportQueue } from '../report-queue.ts';
import { LastInstances } from '../reuse.ts';
import type { ScopeReport } from '../source.ts';
import type { ConsulOptions } from './schema.ts';

/** What is told of one scope beside its instances. */
export interface Telling {
  readonly event: boolean;
  readonly nextAttempt?: number | undefined;
}

/** The scopes of one watch: how each is named, what it said last, and who has yet to answer for the first time. */
export class Scopes {
  readonly #options: ConsulOptions;
  readonly #queue: ReportQueue;
  readonly #last = new Map<string, LastInstances>();
  readonly #counts = new Map<string, number>();
  #pending: Set<string> | undefined;
  #isFirstRound = true;

  constructor(options: ConsulOptions, queue: ReportQueue) {
    this.#options = options;
    this.#queue = queue;
  }

  /** The scope of the list itself: only shown while the list cannot be read. */
  get root(): string {
    return this.#options.datacenter ?? 'local';
  }

  nameOf(service: string): string {
    const { namespace, partition } = this.#options;
    if (namespace === undefined && partition === undefined) return `${this.root}/${service}`;
    return `${this.root}/${partition ?? 'default'}/${namespace ?? 'default'}/${service}`;
  }

  /** The first list names all that the first round waits for. */
  expect(services: Iterable<string>): void {
    if (!this.#isFirstRound || this.#pending !== undefined) return;
    this.#pending = new Set(services);
  }

  /** Fewer instances than were told last. */
  isLess(service: string, count: number): boolean {
    return count < (this.#counts.get(service) ?? 0);
  }

  async tell(
    service: string,
    instances: readonly Instance[],
    { event, nextAttempt }: Telling,
  ): Promise<void> {
    const last = this.#last.get(service) ?? new LastInstances();
    this.#last.set(service, last);
    this.#counts.set(service, instances.length);
    const next = last.next(instances);
    const about = { scope: this.nameOf(service), service, nextAttempt, ...this.#answered(service) };
    await this.#queue.put(
      next.same
        ? { kind: 'unchanged', ...about }
        : {
            kind: 'complete',
            ...about,
            instances: next.instances,
            ...(event ? { reason: 'stated' as const } : {}),
          },
    );
  }

  async fail(service: string, cause: Error, nextAttempt: number | undefined): Promise<void> {
    const scope = this.nameOf(service);
    const error = new MusterError('source_failed', `${scope}: ${cause.message}`, { cause });
    await this.#queue.put({
      kind: 'failure',
      scope,
      service,
      error,
      nextAttempt,
      ...this.#answered(service),
    });
  }

  /** The service left the list; without an event the guard may hold what it had. */
  async close(service: string, event: boolean): Promise<void> {
    this.forget(service);
    await this.#put({
      ...{ kind: 'complete', scope: this.nameOf(service), service, instances: [], closed: true },
      ...(event ? { reason: 'stated' as const } : {}),
      ...this.#answered(service),
    });
  }

  /** Nobody asks for it any more. */
  drop(scope: string): Promise<void> {
    return this.#put({
      ...{ kind: 'complete', scope, instances: [], reason: 'stated', closed: true },
      ...this.#besides(),
    });
  }

  /** Nobody waits for a first round that cannot begin. */
  async failList(cause: Error, nextAttempt: number | undefined): Promise<void> {
    const error = new MusterError('source_failed', `the list of services: ${cause.message}`, { cause });
    await this.#put({ kind: 'failure', scope: this.root, error, nextAttempt, ...this.#besides() });
  }

  /** The list can be read again. */
  closeList(): Promise<void> {
    return this.drop(this.root);
  }

  forget(service: string): void {
    this.#last.delete(service);
    this.#counts.delete(service);
  }

  #put(report: ScopeReport): Promise<void> {
    return this.#queue.put(report);
  }

  /** For a report that is no service's first: others are still to come, or the first round is over. */
  #besides(): { readonly more?: true } {
    if (this.#isFirstRound && this.#pending !== undefined && this.#pending.size > 0) return { more: true };
    this.#isFirstRound = false;
    return {};
  }

  #answered(service: string): { readonly more?: true } {
    if (!this.#isFirstRound) return {};
    this.#pending?.delete(service);
    if (this.#pending === undefined || this.#pending.size > 0) return { more: true };
    this.#isFirstRound = false;
    return {};
  }
}
