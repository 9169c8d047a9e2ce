import { isIP } from 'node:net';
import { MusterError } from '../../errors.ts';
import type { Instance } from '../../model/instance.ts';
import { LastInstances } from '../reuse.ts';
import type { CompleteReport, FailureReport, ScopeReport } from '../source.ts';
import { uniqueIds } from '../targets.ts';
import { FILE_PREFIX } from './instances.ts';
import type { NameState, WatchedNames } from './names.ts';

/** One file whose instances may have names for addresses, as it was read and as it was told. */
interface Scope {
  readonly read: CompleteReport;
  readonly names: readonly string[];
  readonly last: LastInstances;
  /** It was read anew, and what it says was not told so far. */
  readonly fresh: boolean;
  /** The file itself cannot be read or parsed now: nothing is told until it can. */
  readonly broken: boolean;
  /** What was told last of its names' failures. */
  readonly failure: string | undefined;
  /** Answers of its names when it was told last. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
}

type Answers = ReadonlyMap<string, readonly string[]>;

/**
 * Puts the addresses of names into the reports of files (`hostnames: resolve`). A file is told once
 * each of its names was answered, and again when an answer changes; a name that cannot be resolved
 * keeps its last good answer, and without one the file as a whole is not told (SRC1).
 */
export class ResolvedReports {
  readonly #names: WatchedNames;
  readonly #scopes = new Map<string, Scope>();

  constructor(names: WatchedNames) {
    this.#names = names;
  }

  /** What is to be told after a look at the files brought `reports`, or after a name has a new answer. */
  next(reports: readonly ScopeReport[]): readonly ScopeReport[] {
    for (const report of reports) this.#take(report);
    this.#names.follow(new Set([...this.#scopes.values()].flatMap(({ names }) => names)));
    const failures = reports.filter((report) => report.kind !== 'complete');
    return [...failures, ...[...this.#scopes.keys()].flatMap((scope) => this.#tell(scope))];
  }

  /** Whether a file was read that could not be told so far. */
  get isWaiting(): boolean {
    return [...this.#scopes.values()].some(
      ({ fresh, broken, failure }) => fresh && !broken && failure === undefined,
    );
  }

  #take(report: ScopeReport): void {
    const before = this.#scopes.get(report.scope);
    if (report.kind === 'complete') {
      const names = [...new Set(report.instances.flatMap(nameOf))];
      this.#scopes.set(report.scope, {
        read: report,
        names,
        last: before?.last ?? new LastInstances(),
        fresh: true,
        broken: false,
        failure: before?.failure,
        answers: before?.answers ?? new Map(),
      });
    } else if (report.kind === 'failure' && before !== undefined) {
      this.#scopes.set(report.scope, { ...before, broken: true });
    }
  }

  #tell(scope: string): readonly ScopeReport[] {
    const known = this.#scopes.get(scope);
    if (known === undefined || known.broken) return [];
    const states = known.names.map((name) => [name, this.#names.state(name)] as const);
    if (states.some(([, state]) => state === undefined)) return [];
    const failure = failureOf(scope, states);
    const answers = answersOf(states);
    const reports: ScopeReport[] = [];
    const isWhole = answers.size === known.names.length;
    if (isWhole) reports.push(...this.#completed(known, answers, failure === undefined));
    if (failure !== undefined && (failure.error.message !== known.failure || (known.fresh && isWhole)))
      reports.push(failure);
    this.#scopes.set(scope, {
      ...known,
      fresh: known.fresh && !isWhole,
      failure: failure?.error.message,
      ...(isWhole ? { answers } : {}),
    });
    return reports;
  }

  /** The whole file with its names' addresses, where that is news; `isWell` also ends a failure that was told. */
  #completed(known: Scope, answers: Answers, isWell: boolean): readonly ScopeReport[] {
    const recovered = isWell && known.failure !== undefined;
    const changed = known.names.some((name) => answers.get(name)?.join() !== known.answers.get(name)?.join());
    if (!known.fresh && !changed && !recovered) return [];
    const { instances, same } = known.last.next(withAddresses(known.read.instances, answers));
    if (same && !known.fresh) return [{ kind: 'unchanged', scope: known.read.scope }];
    const { reason, ...read } = known.read;
    // An edit is the user's own reason; that a name has fewer addresses than before is none.
    const stated = known.fresh && !known.names.some((name) => lost(name, known.answers, answers));
    return [{ ...read, instances, ...(stated ? { reason } : {}) }];
  }
}

function lost(name: string, before: Answers, after: Answers): boolean {
  const now = after.get(name) ?? [];
  return now.length === 0 || (before.get(name) ?? []).some((address) => !now.includes(address));
}

function nameOf({ address }: Instance): readonly string[] {
  return isIP(address) === 0 ? [canonicalName(address)] : [];
}

/** The same name whatever its case and final dot, so that it is asked for once. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

type States = readonly (readonly [name: string, state: NameState | undefined])[];

function answersOf(states: States): Answers {
  return new Map(
    states.flatMap(([name, state]) => (state?.addresses === undefined ? [] : [[name, state.addresses]])),
  );
}

function failureOf(scope: string, states: States): FailureReport | undefined {
  const failed = states.flatMap(([, state]) => state?.error ?? []);
  const [first] = failed;
  if (first === undefined) return undefined;
  const more = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`;
  const error = new MusterError('source_failed', `${scope}: ${first.message}${more}`, { cause: first });
  return { kind: 'failure', scope, error };
}

/** One instance for each address of a name; the name stays as the label `file.hostname`. */
function withAddresses(instances: readonly Instance[], answers: Answers): readonly Instance[] {
  const idOf = uniqueIds(instances.filter(({ address }) => isIP(address) !== 0).map(({ id }) => id));
  return instances.flatMap((instance) => {
    if (isIP(instance.address) !== 0) return [instance];
    const labels = { ...instance.labels, [`${FILE_PREFIX}.hostname`]: instance.address };
    const addresses = answers.get(canonicalName(instance.address)) ?? [];
    return addresses.map((address) => ({
      ...instance,
      id: idOf(`${instance.id}/${address}`),
      address,
      labels,
    }));
  });
}
