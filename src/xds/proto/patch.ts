import type protobufjs from 'protobufjs';
import { ProtoError } from './proto-error.ts';

/**
 * Merges a fragment into the messages of the same name: fields, oneof members, enum values and nested types.
 * A field that repeats name and number replaces the options of the old one, its constraints among them; a number
 * or name that is taken otherwise is an error.
 */
export function applyPatch(
  library: typeof protobufjs,
  root: protobufjs.Root,
  fragment: protobufjs.NamespaceBase,
  path: string,
): void {
  for (const child of [...fragment.nestedArray]) {
    const target = find(library, root, namesOf(child));
    if (target === undefined) move(fragment, child, parentOf(library, root, child));
    else if (child instanceof library.Type && target instanceof library.Type) {
      mergeFields(library, child, target, path);
      applyPatch(library, root, child, path);
    } else if (child instanceof library.Enum && target instanceof library.Enum)
      mergeValues(child, target, path);
    else if (child instanceof library.Namespace && !(child instanceof library.Type))
      applyPatch(library, root, child, path);
    else throw new ProtoError(path, `${child.fullName} is of another kind in the file it patches`);
  }
}

function parentOf(
  library: typeof protobufjs,
  root: protobufjs.Root,
  child: protobufjs.ReflectionObject,
): protobufjs.NamespaceBase {
  const names = namesOf(child).slice(0, -1);
  const parent = find(library, root, names);
  return parent instanceof library.Namespace ? parent : root.define(names);
}

const namesOf = (object: protobufjs.ReflectionObject): string[] =>
  object.fullName.replace(/^\./, '').split('.');

function find(
  library: typeof protobufjs,
  root: protobufjs.Root,
  names: readonly string[],
): protobufjs.ReflectionObject | undefined {
  let object: protobufjs.ReflectionObject | undefined = root;
  for (const name of names)
    object = object instanceof library.Namespace ? (object.get(name) ?? undefined) : undefined;
  return object;
}

function move(
  from: protobufjs.NamespaceBase,
  child: protobufjs.ReflectionObject,
  to: protobufjs.NamespaceBase,
): void {
  from.remove(child);
  to.add(child);
}

function mergeFields(
  library: typeof protobufjs,
  from: protobufjs.Type,
  to: protobufjs.Type,
  path: string,
): void {
  for (const field of [...from.fieldsArray]) {
    const oneof = field.partOf;
    // A oneof comes with the options it has today, also when the patch only repeats its members.
    if (oneof !== null) oneofOf(library, to, oneof).parsedOptions = oneof.parsedOptions ?? [];
    const named = to.fields[field.name];
    if (named !== undefined && named.id === field.id) {
      named.parsedOptions = field.parsedOptions ?? [];
      continue;
    }
    const taken = named ?? to.fieldsById[field.id];
    if (taken !== undefined)
      throw new ProtoError(
        path,
        `${to.fullName} already has ${taken.name} = ${taken.id}, so ${field.name} = ${field.id} cannot be added`,
      );
    from.remove(field);
    to.add(field);
    if (oneof !== null) oneofOf(library, to, oneof).add(field);
  }
}

function oneofOf(library: typeof protobufjs, to: protobufjs.Type, like: protobufjs.OneOf): protobufjs.OneOf {
  const existing = to.oneofs?.[like.name];
  if (existing !== undefined) return existing;
  const fresh = new library.OneOf(like.name, [], like.options);
  to.add(fresh);
  return fresh;
}

function mergeValues(from: protobufjs.Enum, to: protobufjs.Enum, path: string): void {
  for (const [name, id] of Object.entries(from.values)) {
    // proto3 wants a zero value first, so a patch repeats it.
    if (to.values[name] === id) continue;
    if (to.values[name] !== undefined || to.valuesById[id] !== undefined)
      throw new ProtoError(path, `${to.fullName} already has ${name} or ${id}`);
    to.add(name, id);
  }
}
