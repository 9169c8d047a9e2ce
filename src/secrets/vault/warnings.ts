import type { SecretVersion, UnchangedSecret } from '../store.ts';

type Answer = SecretVersion | UnchangedSecret | undefined;

/** An answer with what else is to be told about it. */
export function withWarnings(answer: Answer, more: readonly string[]): Answer {
  if (answer === undefined || more.length === 0) return answer;
  return { ...answer, warnings: [...(answer.warnings ?? []), ...more] };
}
