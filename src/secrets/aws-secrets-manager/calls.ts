import type { SecretBytes } from '../../secret-bytes.ts';

/** What is known of a secret without its value. */
export interface SecretFacts {
  readonly name: string;
  readonly arn: string;
  /** Staging label -> id of the version that has it. */
  readonly versions: ReadonlyMap<string, string>;
  /** The date that the API gives for a secret marked for deletion. */
  readonly deleted: Date | undefined;
}

export interface FactsPage {
  readonly secrets: readonly SecretFacts[];
  readonly nextToken: string | undefined;
}

export interface SecretValue {
  readonly versionId: string;
  readonly text: boolean;
  readonly bytes: SecretBytes;
}

/** What a batch gave for one id: its value, or what the API said instead. */
export type BatchResult = SecretValue | Error;

/**
 * The few calls that are made. What they throw and give as errors are `ApiFault`s: the API's words,
 * without a request or an answer in it.
 */
export interface SecretsCalls {
  list(nextToken: string | undefined, signal: AbortSignal): Promise<FactsPage>;
  describe(id: string, signal: AbortSignal): Promise<SecretFacts>;
  value(id: string, stage: string, signal: AbortSignal): Promise<SecretValue>;
  /** The versions under AWSCURRENT, of at most 20; by id as it was asked for. */
  batch(ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, BatchResult>>;
}
