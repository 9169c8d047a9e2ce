/** A part of the config as JSON has it: maps as objects, sets as lists, what is not set left out. */
export function plainOf(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) => (inner === undefined ? [] : [[key, plain(inner)]])),
  );
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return plainOf(Object.fromEntries(value));
  if (value instanceof Set) return [...value].map(plain);
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === 'object' && value !== null ? plainOf(value) : value;
}
