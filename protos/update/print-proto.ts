import type { Bundle } from '../../src/xds/proto/descriptor.ts';

/** The parts of descriptor.proto that are printed, in native shape. */
export interface FileProto {
  readonly package: string;
  readonly dependency?: readonly string[];
  readonly messageType?: readonly MessageProto[];
  readonly enumType?: readonly EnumProto[];
}

export interface MessageProto {
  readonly name: string;
  readonly field?: readonly FieldProto[];
  readonly nestedType?: readonly MessageProto[];
  readonly enumType?: readonly EnumProto[];
  readonly oneofDecl?: readonly OneofProto[];
  readonly options?: { readonly mapEntry?: boolean };
}

export interface OneofProto {
  readonly name: string;
  readonly options?: Options;
}

export interface EnumProto {
  readonly name: string;
  readonly value?: readonly { readonly name: string; readonly number?: number }[];
}

export interface FieldProto {
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

export const HEADER =
  '// Printed from the descriptors of Envoy (Apache-2.0) by protos/update.ts; not edited by hand.\nsyntax = "proto3";\n';
const ANNOTATION = /^(udpa\/annotations|xds\/annotations|envoy\/annotations)\//;
const REPEATED = 3;
// The order of FieldDescriptorProto.Type, from 1.
const TYPES =
  'double float int64 uint64 int32 fixed64 fixed32 bool string group message bytes uint32 enum sfixed32 sfixed64 sint32 sint64'.split(
    ' ',
  );

export const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ');

export function typeText(field: FieldProto): string {
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

export function fieldsText(bundle: Bundle, message: MessageProto, fields: readonly FieldProto[]): string {
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

export function enumText(one: EnumProto, values = one.value ?? []): string {
  const body = values.map((value) => `  ${value.name} = ${value.number ?? 0};\n`).join('');
  const aliased = new Set(values.map((value) => value.number ?? 0)).size < values.length;
  return `enum ${one.name} {\n${aliased ? '  option allow_alias = true;\n' : ''}${body}}\n`;
}

export function messageText(bundle: Bundle, message: MessageProto): string {
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
