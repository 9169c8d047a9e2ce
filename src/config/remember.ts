import type { Entry } from './entries.ts';

interface Built<Outcome> {
  readonly file: string;
  readonly line: number;
  readonly outcome: Outcome;
}

/** What came of an entry's data, by that data: where the file's part is not parsed again it is the same object. */
export type Remembered<Outcome> = WeakMap<object, Built<Outcome>>;

/** Builds an entry once for as long as it stands in the same place. */
export function remember<Outcome>(
  known: Remembered<Outcome>,
  { data, origin: { file, line } }: Entry,
  build: () => Outcome,
): Outcome {
  if (typeof data !== 'object' || data === null) return build();
  const before = known.get(data);
  if (before?.file === file && before.line === line) return before.outcome;
  const outcome = build();
  known.set(data, { file, line, outcome });
  return outcome;
}
