/** A message that cannot be encoded, decoded or converted: where, and what was expected. */
export class ProtoError extends Error {
  /** Path in the message, for instance `filterChains[0].filters[1].name`; empty for the message itself. */
  readonly path: string;
  /** What is wrong, without the path. */
  readonly reason: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super(path === '' ? reason : `${path}: ${reason}`, cause === undefined ? undefined : { cause });
    this.name = 'ProtoError';
    this.path = path;
    this.reason = reason;
  }
}

/** What kind of value this is, without text: a secret put in the wrong place must not end in an error. */
export function kindOf(value: unknown): string {
  if (typeof value === 'string') return 'text';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** A value for an error about a name, a number or a time; longer text, which is none of these, is not shown. */
export function show(value: unknown): string {
  return typeof value === 'string' && value.length <= 30 ? JSON.stringify(value) : kindOf(value);
}
