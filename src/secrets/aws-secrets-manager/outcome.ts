import type { SecretFacts, SecretsCalls } from './calls.ts';
import { ApiFault } from './fault.ts';

/**
 * What the last look said of one secret. `hidden`: nobody may look without reading the value.
 * `fault`: what was thrown, by which action.
 */
export type Outcome =
  | { readonly kind: 'facts'; readonly facts: SecretFacts }
  | { readonly kind: 'gone' | 'hidden' }
  | { readonly kind: 'fault'; readonly error: unknown; readonly action: string };

/** One secret by itself. */
export async function describeSecret(calls: SecretsCalls, id: string, signal: AbortSignal): Promise<Outcome> {
  try {
    return { kind: 'facts', facts: await calls.describe(id, signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ApiFault && error.kind === 'gone') return { kind: 'gone' };
    if (error instanceof ApiFault && error.kind === 'forbidden') return { kind: 'hidden' };
    return { kind: 'fault', error, action: 'DescribeSecret' };
  }
}

/** Equal where the outcome is. */
export function saidOf(outcome: Outcome): string {
  if (outcome.kind === 'fault') return `fault ${outcome.error instanceof Error ? outcome.error.message : ''}`;
  if (outcome.kind !== 'facts') return outcome.kind;
  const { versions, deleted } = outcome.facts;
  return JSON.stringify([[...versions].sort(), deleted]);
}
