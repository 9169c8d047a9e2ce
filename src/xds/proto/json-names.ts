import type { FieldDescriptor } from './descriptor.ts';
import { nearest } from './nearest.ts';

const fieldIndexes = new WeakMap<readonly FieldDescriptor[], ReadonlyMap<string, FieldDescriptor>>();

/** Fields by each name that JSON may use: canonical, property, and as in the `.proto` file. */
export function fieldsByName(fields: readonly FieldDescriptor[]): ReadonlyMap<string, FieldDescriptor> {
  const known = fieldIndexes.get(fields);
  if (known !== undefined) return known;
  const index = new Map<string, FieldDescriptor>();
  for (const field of fields)
    for (const name of [field.name, field.protoName, field.jsonName])
      if (name !== undefined) index.set(name, field);
  fieldIndexes.set(fields, index);
  return index;
}

/** A path one step further. */
export const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** The end of an error about a wrong name; empty when nothing is near. */
export const didYouMean = (wrong: string, known: Iterable<string>): string => {
  const right = nearest(wrong, known);
  return right === undefined ? '' : `; did you mean ${JSON.stringify(right)}?`;
};
