import { isDeepStrictEqual } from 'node:util';
import type { Bundle, FieldRules } from '../../src/xds/proto/descriptor.ts';

/** The parts of descriptor.proto that are printed, in native shape. */
export interface FileProto {
  readonly package: string;
  readonly dependency?: readonly string[];
  readonly messageType?: readonly MessageProto[];
  readonly enumType?: readonly EnumProto[];
}

interface MessageProto {
  readonly name: string;
  readonly field?: readonly FieldProto[];
  readonly nestedType?: readonly MessageProto[];
  readonly enumType?: readonly EnumProto[];
  readonly oneofDecl?: readonly { readonly name: string; readonly options?: Options }[];
  readonly options?: { readonly mapEntry?: boolean };
}

interface EnumProto {
  readonly name: string;
  readonly value?: readonly { readonly name: string; readonly number?: number }[];
}

interface FieldProto {
  readonly name: string;
  readonly number: number;
  readonly label: number;
  readonly type: number;
  readonly typeName?: string;
  readonly oneofIndex?: number;
  readonly proto3Optional?: boolean;
  readonly options?: Options;
}

/** Extensions are named with a leading dot, as protobufjs puts them into the message they extend. */
type Options = Readonly<Record<string, unknown>>;

const HEADER =
  '// Printed from the descriptors of Envoy (Apache-2.0) by protos/update.ts; not edited by hand.\nsyntax = "proto3";\n';
const ANNOTATION = /^(udpa\/annotations|xds\/annotations|envoy\/annotations)\//;
const REPEATED = 3;
// The order of FieldDescriptorProto.Type, from 1.
const TYPES =
  'double float int64 uint64 int32 fixed64 fixed32 bool string group message bytes uint32 enum sfixed32 sfixed64 sint32 sint64'.split(
    ' ',
  );

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ');

function typeText(field: FieldProto): string {
  return field.typeName ?? TYPES[field.type - 1] ?? 'string';
}

/** A rule message in native shape as the text of an option, with the names of validate.proto. */
function aggregate(bundle: Bundle, type: string, value: unknown): string {
  const fields = bundle.messages[type]?.fields ?? [];
  const message = value as Readonly<Record<string, unknown>>;
  const parts = fields.flatMap((field) => {
    const one = message[field.name];
    if (one === undefined) return [];
    const text = (item: unknown): string => {
      if (field.kind === 'message') return aggregate(bundle, field.type, item);
      if (field.kind === 'scalar') return field.type === 'string' ? JSON.stringify(item) : String(item);
      return (
        Object.entries(bundle.enums[field.type] ?? {}).find(([, id]) => id === item)?.[0] ?? String(item)
      );
    };
    const shown = Array.isArray(one) ? `[${one.map(text).join(', ')}]` : text(one);
    return [`${field.protoName ?? field.name}: ${shown}`];
  });
  return `{${parts.join(', ')}}`;
}

function optionText(bundle: Bundle, options: Options | undefined): string {
  const parts: string[] = [];
  const rules = options?.['.validate.rules'];
  if (rules !== undefined)
    parts.push(`(validate.rules) = ${aggregate(bundle, 'validate.FieldRules', rules)}`);
  if (options?.['.udpa.annotations.sensitive'] === true) parts.push('(udpa.annotations.sensitive) = true');
  return parts.length === 0 ? '' : ` [${parts.join(', ')}]`;
}

function fieldText(bundle: Bundle, message: MessageProto, field: FieldProto): string {
  const entry = message.nestedType?.find(
    (nested) =>
      nested.options?.mapEntry === true && field.typeName?.endsWith(`.${message.name}.${nested.name}`),
  );
  const [key, value] = entry?.field ?? [];
  const repeated = field.label === REPEATED ? 'repeated ' : field.proto3Optional === true ? 'optional ' : '';
  const type =
    key !== undefined && value !== undefined
      ? `map<${typeText(key)}, ${typeText(value)}>`
      : `${repeated}${typeText(field)}`;
  return `${type} ${field.name} = ${field.number}${optionText(bundle, field.options)};\n`;
}

function fieldsText(bundle: Bundle, message: MessageProto, fields: readonly FieldProto[]): string {
  const free = fields.filter((field) => field.oneofIndex === undefined || field.proto3Optional === true);
  const oneofs = (message.oneofDecl ?? []).map((oneof, index) => {
    const members = fields.filter((field) => field.oneofIndex === index && field.proto3Optional !== true);
    if (members.length === 0) return '';
    const required =
      oneof.options?.['.validate.required'] === true ? '  option (validate.required) = true;\n' : '';
    const body = members.map((field) => indent(fieldText(bundle, message, field))).join('');
    return `oneof ${oneof.name} {\n${required}${body}}\n`;
  });
  return free.map((field) => fieldText(bundle, message, field)).join('') + oneofs.join('');
}

function enumText(one: EnumProto, values = one.value ?? []): string {
  const body = values.map((value) => `  ${value.name} = ${value.number ?? 0};\n`).join('');
  const aliased = new Set(values.map((value) => value.number ?? 0)).size < values.length;
  return `enum ${one.name} {\n${aliased ? '  option allow_alias = true;\n' : ''}${body}}\n`;
}

function messageText(bundle: Bundle, message: MessageProto): string {
  const nested = (message.nestedType ?? []).filter((one) => one.options?.mapEntry !== true);
  const inner = [
    ...(message.enumType ?? []).map((one) => enumText(one)),
    ...nested.map((one) => messageText(bundle, one)),
    fieldsText(bundle, message, message.field ?? []),
  ].filter((text) => text !== '');
  return `message ${message.name} {\n${indent(inner.join('\n'))}}\n`;
}

/** A whole file, for messages that the dependency does not have. Services are left out. */
export function fileText(bundle: Bundle, file: FileProto): string {
  const imports = (file.dependency ?? []).filter(
    (name) => !ANNOTATION.test(name) || name === 'udpa/annotations/sensitive.proto',
  );
  const body = [
    ...(file.enumType ?? []).map((one) => enumText(one)),
    ...(file.messageType ?? []).map((one) => messageText(bundle, one)),
  ];
  const importText = imports.map((name) => `import "${name}";\n`).join('');
  return [HEADER, `package ${file.package};\n`, ...(importText === '' ? [] : [importText]), ...body].join(
    '\n',
  );
}

function enumPatch(bundle: Bundle, scope: string, one: EnumProto): string {
  const known = bundle.enums[`${scope}.${one.name}`];
  if (known === undefined) return enumText(one);
  const values = one.value ?? [];
  const fresh = values.filter(
    (value) => known[value.name] === undefined && !Object.values(known).includes(value.number ?? 0),
  );
  const zero = values.filter((value) => (value.number ?? 0) === 0 && known[value.name] === 0).slice(0, 1);
  return fresh.length === 0 ? '' : enumText(one, [...zero, ...fresh]);
}

/** Whether a field means something else than in the dependency: renumbered, renamed, or of another type. */
function moved(bundle: Bundle, scope: string, field: FieldProto): boolean {
  const fields = bundle.messages[scope]?.fields ?? [];
  const known = fields.find((one) => (one.protoName ?? one.name) === field.name || one.id === field.number);
  if (known === undefined) return false;
  if (known.id !== field.number || (known.protoName ?? known.name) !== field.name) return true;
  return known.mapKey === undefined && known.type !== typeText(field).replace(/^\./, '');
}

function messageMoved(bundle: Bundle, scope: string, message: MessageProto): boolean {
  const name = `${scope}.${message.name}`;
  return (
    (message.field ?? []).some((field) => moved(bundle, name, field)) ||
    (message.nestedType ?? []).some((nested) => messageMoved(bundle, name, nested))
  );
}

/** Such a file replaces the dependency's as a whole. */
export function isMoved(bundle: Bundle, file: FileProto): boolean {
  return (file.messageType ?? []).some((message) => messageMoved(bundle, file.package, message));
}

/** A field whose constraints changed is repeated with those of today. */
function changed(bundle: Bundle, scope: string, field: FieldProto): boolean {
  const known = bundle.messages[scope]?.fields.find(
    (one) => (one.protoName ?? one.name) === field.name && one.id === field.number,
  );
  if (known === undefined)
    return bundle.messages[scope]?.fields.every((one) => one.id !== field.number) ?? true;
  const rules = field.options?.['.validate.rules'];
  return !sameRules(bundle, known.rules, rules);
}

function sameRules(bundle: Bundle, known: FieldRules | undefined, today: unknown): boolean {
  if (known === undefined || today === undefined) return known === today;
  const names = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, one) => (Array.isArray(one) && one.length === 1 ? one[0] : one)));
  return isDeepStrictEqual(names(known), names(parseAggregate(bundle, 'validate.FieldRules', today)));
}

/** Rules in native shape with the names and forms that a parser gives for the text in a `.proto`. */
function parseAggregate(bundle: Bundle, type: string, value: unknown): unknown {
  const message = value as Readonly<Record<string, unknown>>;
  const out: Record<string, unknown> = {};
  for (const field of bundle.messages[type]?.fields ?? []) {
    const one = message[field.name];
    if (one === undefined) continue;
    const plain = (item: unknown): unknown => {
      if (field.kind === 'message') return parseAggregate(bundle, field.type, item);
      if (field.kind === 'scalar') return item;
      return Object.entries(bundle.enums[field.type] ?? {}).find(([, id]) => id === item)?.[0] ?? item;
    };
    out[field.protoName ?? field.name] = Array.isArray(one) ? one.map(plain) : plain(one);
  }
  return out;
}

function messagePatch(bundle: Bundle, scope: string, message: MessageProto): string {
  const name = `${scope}.${message.name}`;
  if (bundle.messages[name] === undefined) return messageText(bundle, message);
  const fields = (message.field ?? []).filter((field) => changed(bundle, name, field));
  const nested = (message.nestedType ?? []).filter((one) => one.options?.mapEntry !== true);
  const inner = [
    ...(message.enumType ?? []).map((one) => enumPatch(bundle, name, one)),
    ...nested.map((one) => messagePatch(bundle, name, one)),
    fieldsText(bundle, message, fields),
  ].filter((text) => text !== '');
  return inner.length === 0 ? '' : `message ${message.name} {\n${indent(inner.join('\n'))}}\n`;
}

/** What a file has beyond the dependency's copy, or undefined when that is nothing. */
export function filePatch(bundle: Bundle, file: FileProto): string | undefined {
  const body = [
    ...(file.enumType ?? []).map((one) => enumPatch(bundle, file.package, one)),
    ...(file.messageType ?? []).map((one) => messagePatch(bundle, file.package, one)),
  ].filter((text) => text !== '');
  return body.length === 0 ? undefined : [HEADER, `package ${file.package};\n`, ...body].join('\n');
}
