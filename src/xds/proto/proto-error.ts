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

/** A short, one-line form of a value for an error. Never used for fields that may hold a secret. */
export function show(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
