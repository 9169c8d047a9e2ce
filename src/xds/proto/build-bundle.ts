import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type protobufjs from 'protobufjs';
import type { Bundle, FieldDescriptor, FieldRules, MessageDescriptor, RuleValue } from './descriptor.ts';
import { setOwn } from './descriptor.ts';
import { applyPatch } from './patch.ts';
import { ProtoError } from './proto-error.ts';
import { checkRules } from './rule-names.ts';
import { findSources, locate, type ProtoSources } from './sources.ts';

/** An Any may hold one of these though no file imports it. */
const WELL_KNOWN = ['any', 'duration', 'empty', 'field_mask', 'struct', 'timestamp', 'wrappers'];

/** The full library with its parser: 30 ms to load, so only a build of the bundle asks for it. */
function parser(): typeof protobufjs {
  return createRequire(import.meta.url)('protobufjs');
}

/** Reads every `.proto`, merges the patches and flattens the result. Takes about a second. */
export function buildBundle(project: string): Bundle {
  const sources = findSources(project);
  const root = parseAll(sources);
  const messages: Record<string, MessageDescriptor> = {};
  const enums: Record<string, Record<string, number>> = {};
  visit(root, messages, enums);
  const bundle = { messages, enums };
  checkRules(bundle);
  return bundle;
}

function parseAll(sources: ProtoSources): protobufjs.Root {
  const library = parser();
  const root = new library.Root();
  const done = new Set<string>();
  const load = (file: string): void => {
    if (done.has(file)) return;
    done.add(file);
    const path = locate(sources.roots, file);
    if (path === undefined) wellKnown(library, root, file);
    else for (const imported of parseFile(library, root, path)) load(imported);
  };
  for (const name of WELL_KNOWN) load(`google/protobuf/${name}.proto`);
  for (const file of sources.files) load(file);
  for (const path of sources.patches) {
    const fragment = new library.Root();
    for (const imported of parseFile(library, fragment, path)) load(imported);
    applyPatch(library, root, fragment, path);
  }
  root.resolveAll();
  return root;
}

function parseFile(library: typeof protobufjs, root: protobufjs.Root, path: string): readonly string[] {
  try {
    const parsed = library.parse(readFileSync(path, 'utf8'), root);
    return [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])];
  } catch (error) {
    throw new ProtoError(path, error instanceof Error ? error.message : String(error), error);
  }
}

function wellKnown(library: typeof protobufjs, root: protobufjs.Root, file: string): void {
  const known = library.common.get(file);
  if (known?.nested !== undefined) root.addJSON(known.nested);
  else parseFile(library, root, createRequire(import.meta.url).resolve(`protobufjs/${file}`));
}

function visit(
  namespace: protobufjs.NamespaceBase,
  messages: Record<string, MessageDescriptor>,
  enums: Record<string, Record<string, number>>,
): void {
  const { Type, Enum, Namespace } = parser();
  for (const child of namespace.nestedArray) {
    if (child instanceof Type) messages[fullName(child)] = describeMessage(child);
    if (child instanceof Enum) enums[fullName(child)] = { ...child.values };
    if (child instanceof Namespace || child instanceof Type) visit(child, messages, enums);
  }
}

const fullName = (object: protobufjs.ReflectionObject): string => object.fullName.replace(/^\./, '');

function describeMessage(type: protobufjs.Type): MessageDescriptor {
  const disabled = option(type, '(validate.disabled)') === true;
  const fields = type.fieldsArray
    .map((field) => describeField(field, disabled))
    .sort((left, right) => left.id - right.id);
  const required = disabled
    ? []
    : type.oneofsArray
        .filter((oneof) => option(oneof, '(validate.required)') === true)
        .map(({ name }) => name);
  return { fields, ...(required.length > 0 && { requiredOneofs: required }) };
}

function describeField(field: protobufjs.Field, disabled: boolean): FieldDescriptor {
  const { Enum, MapField } = parser();
  const resolved = field.resolvedType;
  const kind = resolved === null ? 'scalar' : resolved instanceof Enum ? 'enum' : 'message';
  // protobufjs' own copy of Any spells its field type_url.
  const name = parser().util.camelCase(field.name);
  const names = { protoName: protoName(field), jsonName: jsonName(field) };
  const oneof = field.partOf !== null && !field.partOf.isProto3Optional ? field.partOf.name : undefined;
  const list = field.repeated && !field.map;
  const rules = disabled ? undefined : option(field, '(validate.rules)');
  return {
    name,
    ...(names.protoName !== name && { protoName: names.protoName }),
    ...(names.jsonName !== name && { jsonName: names.jsonName }),
    id: field.id,
    type: resolved === null ? field.type : fullName(resolved),
    kind,
    ...(list && { repeated: true }),
    ...(field instanceof MapField && { mapKey: field.keyType }),
    ...(oneof !== undefined && { oneof }),
    ...(field.hasPresence && kind !== 'message' && { presence: true }),
    ...(list && field.packed && packable(kind, field.type) && { packed: true }),
    ...(option(field, '(udpa.annotations.sensitive)') === true && { sensitive: true }),
    // Rules are checked by name against validate.proto before anyone uses them (checkRules).
    ...(rules !== undefined && { rules: rules as FieldRules }),
  } as FieldDescriptor;
}

/** Typed by the library only in its looser forms. */
function protoName(field: protobufjs.Field): string {
  return (field as { protoName?: string }).protoName ?? field.name;
}

function jsonName(field: protobufjs.Field): string {
  return (field as { jsonName?: string }).jsonName ?? field.name;
}

function packable(kind: string, type: string): boolean {
  return kind === 'enum' || (kind === 'scalar' && type !== 'string' && type !== 'bytes');
}

function merge(into: Record<string, RuleValue>, from: Readonly<Record<string, RuleValue>>): void {
  for (const [key, value] of Object.entries(from)) {
    const had = into[key];
    const both = isAggregate(had) && isAggregate(value);
    if (both) merge(had, value);
    else setOwn(into, key, value);
  }
}

function isAggregate(value: unknown): value is Record<string, RuleValue> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One option's value; an aggregate may be written in several pieces, which are merged. */
function option(object: protobufjs.ReflectionObject, name: string): unknown {
  let scalar: unknown;
  const merged: Record<string, RuleValue> = {};
  for (const part of object.parsedOptions ?? []) {
    const value: unknown = part[name];
    if (isAggregate(value)) merge(merged, value);
    else if (value !== undefined) scalar = value;
  }
  return Object.keys(merged).length > 0 ? merged : scalar;
}
