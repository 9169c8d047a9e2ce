import type { z } from 'zod';
import { nameHint, quote } from './nearest.ts';
import type { Path } from './place.ts';

/** A fault in one resource, by its path within that resource. */
export interface Fault {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string | undefined;
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean;
}

type Issue = z.core.$ZodIssue;

/** Words of Gateway API (and near ones) that muster spells otherwise. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  backendRefs: 'backends',
  parentRefs: 'listeners',
  certificateRefs: 'certificates',
  hostname: 'hostnames',
  cluster: 'service',
  clusters: 'services',
  upstream: 'backends',
  type: 'kind',
  sourceRef: 'source',
  lbPolicy: 'loadBalancing',
};

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
  return { faults: issues.flatMap((issue) => toFaults(issue, [], known)) };
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
    case 'invalid_value': {
      const words = issue.values.map(String);
      const hint = typeof issue.input === 'string' ? nameHint(issue.input, words) : undefined;
      return [{ path, message: `expected ${oneOf(words)}, got ${shown(issue.input)}`, hint }];
    }
    case 'invalid_type':
      return [{ path, message: typeMessage(issue) }];
    case 'too_small':
    case 'too_big':
      return [{ path, message: boundMessage(issue) }];
    default:
      return [{ path, message: issue.message }];
  }
}

function unknownKey(key: string, path: Path, known: readonly string[]): Fault {
  const other = OTHER_WORDS[key];
  const hint = other !== undefined && known.includes(other) ? `write \`${other}\`` : nameHint(key, known);
  return { path: [...path, key], message: `unknown key ${quote(key)}`, hint, atKey: true };
}

/** The branch that fits best: one whose own type is right, with the fewest faults. */
function fromUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: Path,
  known: WeakMap<object, readonly string[]>,
): Fault[] {
  const branches = issue.errors.filter((errors) => errors.length > 0);
  const fitting = branches.filter(
    (errors) => !errors.some((error) => error.path.length === 0 && isWrongType(error)),
  );
  const faults = (errors: readonly Issue[]) => errors.flatMap((error) => toFaults(error, path, known));
  if (fitting.length > 0) {
    return fitting.map(faults).reduce((best, other) => (other.length < best.length ? other : best));
  }
  if (!/^Invalid input/.test(issue.message)) return [{ path, message: issue.message }];
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

const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

function typeMessage(issue: Extract<Issue, { code: 'invalid_type' }>): string {
  if (!/^Invalid input/.test(issue.message)) return issue.message;
  const expected = TYPE_WORDS[issue.expected] ?? issue.expected;
  return issue.input === undefined
    ? `is missing: expected ${expected}`
    : `expected ${expected}, got ${shown(issue.input)}`;
}

function boundMessage(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  if (!/^Too (small|big)/.test(issue.message)) return issue.message;
  const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
  return `expected ${bound}${unit}`;
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? String(words[0]) : `one of ${words.join(', ')}`;
}

function shown(input: unknown): string {
  if (input === undefined || input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' ? 'a map' : typeof input === 'string' ? quote(input) : String(input);
}
