import { hash } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { MusterError } from '../../errors.ts';
import type { SecretStore, SecretStoreContext, SecretVersion, UnchangedSecret } from '../store.ts';
import type { SecretFacts, SecretValue } from './calls.ts';
import { Connection, type Open } from './connection.ts';
import { ApiFault, storeFault } from './fault.ts';
import { describeSecret } from './outcome.ts';
import { partsOf } from './parts.ts';
import { type AwsRef, awsRef } from './refs.ts';
import type { AwsStoreOptions } from './schema.ts';
import { Values } from './values.ts';
import { VersionPoll } from './version-poll.ts';

export interface Edges {
  readonly open: () => Promise<Open>;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createAwsStore(
  options: AwsStoreOptions,
  context: SecretStoreContext,
  edges: Edges,
): SecretStore {
  const { clock, random, open } = edges;
  const calls = new Connection({ options, secret: context.secret, clock, open });
  const poll = new VersionPoll({ calls, intervalMs: options.interval, clock, random });
  const values = new Values(calls, clock);
  const reader = new Reader({ options, store: context.name, calls, poll, values });
  return {
    read: (ref, signal, known) => reader.read(awsRef.parse(ref), signal, known),
    watch: (ref, changed, signal) => poll.watch(awsRef.parse(ref).id, changed, signal),
    async close() {
      poll.close();
      values.close();
      calls.close();
    },
  };
}

interface ReaderParts {
  readonly options: AwsStoreOptions;
  readonly store: string;
  readonly calls: Connection;
  readonly poll: VersionPoll;
  readonly values: Values;
}

type Answer = SecretVersion | UnchangedSecret | undefined;

/** Answers reads out of what the poll knows, and fetches a value where that is another version. */
class Reader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  async read(ref: AwsRef, signal: AbortSignal, known?: string): Promise<Answer> {
    const outcome = await this.#parts.poll.outcomeOf(ref.id, signal);
    switch (outcome.kind) {
      case 'gone':
        return undefined;
      case 'fault':
        throw this.#fault(outcome.error, outcome.action, ref);
      case 'hidden':
        return this.#fetch(ref, { known, expected: undefined }, signal);
      case 'facts':
        return this.#readFacts(outcome.facts, ref, known, signal);
    }
  }

  async #readFacts(
    { deleted, versions }: SecretFacts,
    ref: AwsRef,
    known: string | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const checkAgainMs = this.#parts.options.interval;
    if (deleted !== undefined) {
      const warning = deletedText(ref.id, deleted);
      if (known === undefined) throw this.#fault(new ApiFault('other', warning), '', ref);
      return { version: known, checkAgainMs, warnings: [warning] };
    }
    const expected = versions.get(ref.stage);
    if (expected === undefined) throw this.#fault(unlabelled(ref.stage), '', ref);
    if (known !== undefined && versionFor(ref, expected) === known) return { version: known, checkAgainMs };
    return this.#fetch(ref, { known, expected }, signal);
  }

  async #fetch(
    ref: AwsRef,
    { known, expected }: { readonly known: string | undefined; readonly expected: string | undefined },
    signal: AbortSignal,
  ): Promise<Answer> {
    const { options, calls, values } = this.#parts;
    let value: SecretValue;
    try {
      value =
        expected === undefined
          ? await calls.value(ref.id, ref.stage, signal)
          : await values.fetch(ref.id, ref.stage, expected, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiFault && error.kind === 'gone') return undefined;
      throw this.#fault(error, 'GetSecretValue', ref);
    }
    if (expected !== undefined && value.versionId !== expected) await this.#confirm(value, ref, signal);
    const checkAgainMs = options.interval;
    const version = versionFor(ref, value.versionId);
    if (version === known) return { version, checkAgainMs };
    const { parts, problem } = partsOf(value, ref);
    if (parts === undefined) throw this.#fault(new ApiFault('other', problem), '', ref);
    return { version, parts, checkAgainMs };
  }

  /** The list may be some minutes behind: what one description says counts. */
  async #confirm({ versionId }: SecretValue, ref: AwsRef, signal: AbortSignal): Promise<void> {
    const outcome = await describeSecret(this.#parts.calls, ref.id, signal);
    if (outcome.kind === 'facts' && outcome.facts.versions.get(ref.stage) === versionId) return;
    const words = `its version under ${ref.stage} is changing right now; it is read again`;
    throw this.#fault(new ApiFault('other', words), '', ref);
  }

  #fault(error: unknown, action: string, { id }: AwsRef): MusterError {
    const { store, options } = this.#parts;
    const about = action === 'ListSecrets' ? undefined : id;
    return storeFault(error, { store, region: options.region, action, id: about });
  }
}

/** An edit of what is taken out of the same version is a new version too: else it would not be served. */
function versionFor({ id, parts }: AwsRef, versionId: string): string {
  return `${versionId}.${hash('sha256', JSON.stringify([id, parts])).slice(0, 6)}`;
}

function unlabelled(stage: string): ApiFault {
  return new ApiFault(
    'unlabelled',
    `none of its versions has the label ${stage}; a rotation may have failed in the middle: put the label back with aws secretsmanager update-secret-version-stage`,
  );
}

function deletedText(id: string, deleted: Date): string {
  return `it is marked for deletion (${deleted.toISOString()}) and will vanish when its recovery window ends; restore it: aws secretsmanager restore-secret --secret-id ${id}`;
}
