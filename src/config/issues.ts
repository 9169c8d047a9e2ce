import type { z } from 'zod';
import { boundMessage, formatMessage, OTHER_KEYS, shown, typeMessage, valueWords } from './issue-words.ts';
import { nameHint, nearest, quote } from './nearest.ts';
import type { Path } from './place.ts';

/** A fault in one resource, by its path within that resource. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean;
  /** The right key beside the wrong one. */
  readonly meant?: Path | undefined;
}

type Issue = z.core.$ZodIssue;

/** Runs a schema; faults come with the nearest right word. */
export function check<Output>(
  schema: z.ZodType<Output>,
  data: unknown,
): { value?: Output; faults: readonly Fault[] } {
  // Zod hands the schema's own keys only to the error function; the list of keys is the same object in the issue.
  const known = new WeakMap<object, readonly string[]>();
  const result = schema.safeParse(data, {
    reportInput: true,
    error: (raw) => {
      if (raw.code === 'unrecognized_keys' && raw.inst !== undefined)
        known.set(raw.keys, shapeKeys(raw.inst));
      return undefined;
    },
  });
  if (result.success) return { value: result.data, faults: [] };
  // A misspelt key makes rules about its whole map fail too: only the spelling is reported.
  const misspelt = new Set(
    result.error.issues
      .filter((issue) => issue.code === 'unrecognized_keys')
      .map((issue) => issue.path.join('\0')),
  );
  const issues = result.error.issues.filter(
    (issue) => issue.code !== 'custom' || !misspelt.has(issue.path.join('\0')),
  );
  return { faults: withoutTwins(issues.flatMap((issue) => toFaults(issue, [], known))) };
}

/** A misspelt key is also missing under its right name: only the spelling is reported. */
function withoutTwins(faults: readonly Fault[]): readonly Fault[] {
  const meant = new Set(faults.map((fault) => fault.meant?.join('\0')));
  return faults.filter(
    (fault) => !(fault.message.startsWith('is missing') && meant.has(fault.path.join('\0'))),
  );
}

function shapeKeys(schema: { _zod: { def: object } }): readonly string[] {
  const { def } = schema._zod;
  return 'shape' in def && typeof def.shape === 'object' && def.shape !== null ? Object.keys(def.shape) : [];
}

function toFaults(issue: Issue, before: Path, known: WeakMap<object, readonly string[]>): Fault[] {
  const path: Path = [
    ...before,
    ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
  ];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, known.get(issue.keys) ?? []));
    case 'invalid_union':
      return fromUnion(issue, path, known);
    case 'invalid_key':
      return [{ path, message: issue.issues[0]?.message ?? 'is not a name', atKey: true }];
    case 'invalid_value':
      return [{ path, ...valueWords(issue.input, issue.values.map(String)) }];
    case 'invalid_type':
      return [{ path, message: typeMessage(issue) }];
    case 'too_small':
    case 'too_big':
      return [{ path, message: boundMessage(issue) }];
    case 'invalid_format':
      return [{ path, message: formatMessage(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(key: string, path: Path, known: readonly string[]): Fault {
  const fault = { path: [...path, key], message: `unknown key ${quote(key)}`, atKey: true };
  const other = OTHER_KEYS[key];
  if (other !== undefined && known.includes(other))
    return { ...fault, hint: `write \`${other}\``, meant: [...path, other] };
  const near = nearest(key, known);
  return { ...fault, hint: nameHint(key, known), meant: near === undefined ? undefined : [...path, near] };
}

/** The branch that fits best: one whose own type is right, with the fewest faults. */
function fromUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  known: WeakMap<object, readonly string[]>,
): Fault[] {
  if (issue.discriminator !== undefined && 'options' in issue) {
    const written: unknown =
      typeof issue.input === 'object' && issue.input !== null
        ? Reflect.get(issue.input, issue.discriminator)
        : undefined;
    return [{ path, ...valueWords(written, (issue.options ?? []).map(String)) }];
  }
  const branches = issue.errors.filter((errors) => errors.length > 0);
  const fitting = branches.filter(
    (errors) => !errors.some((error) => error.path.length === 0 && isWrongType(error)),
  );
  const faults = (errors: readonly Issue[]) => errors.flatMap((error) => toFaults(error, path, known));
  const own = /^Invalid input/.test(issue.message) ? undefined : issue.message;
  const fits = fitting.map(faults).sort((a, b) => a.length - b.length);
  const [best, second] = fits;
  const clear = own === undefined || best?.length !== second?.length;
  if (best !== undefined && clear) return best;
  if (own !== undefined) return [{ path, message: own }];
  const expected = branches
    .flatMap(faults)
    .map((fault) => /^expected (.*?)(, got .*)?$/.exec(fault.message)?.[1] ?? '');
  const unique = [...new Set(expected.filter((text) => text !== ''))];
  return [{ path, message: `expected ${unique.join(' or ')}, got ${shown(issue.input)}` }];
}

function isWrongType(issue: Issue): boolean {
  return (
    issue.code === 'invalid_type' ||
    issue.code === 'invalid_value' ||
    (issue.code === 'invalid_union' &&
      issue.errors.every((errors) => errors.some((error) => error.path.length === 0 && isWrongType(error))))
  );
}
