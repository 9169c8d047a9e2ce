import { isDeepStrictEqual } from 'node:util';
import type { Bundle, FieldRules } from '../../src/xds/proto/descriptor.ts';
import {
  type EnumProto,
  enumText,
  type FieldProto,
  type FileProto,
  fieldsText,
  HEADER,
  indent,
  type MessageProto,
  messageText,
  type OneofProto,
  typeText,
} from './print-proto.ts';

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

/** Whether Envoy began or ceased to require that a member of a oneof is set: its members are then repeated. */
function isRequiredAnew(bundle: Bundle, scope: string, oneof: OneofProto): boolean {
  const name = oneof.name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const was = bundle.messages[scope]?.requiredOneofs?.includes(name) === true;
  const known = bundle.messages[scope]?.fields.some((field) => field.oneof === name) === true;
  return known && was !== (oneof.options?.['.validate.required'] === true);
}

function messagePatch(bundle: Bundle, scope: string, message: MessageProto): string {
  const name = `${scope}.${message.name}`;
  if (bundle.messages[name] === undefined) return messageText(bundle, message);
  const rerequired = (message.oneofDecl ?? []).map((oneof) => isRequiredAnew(bundle, name, oneof));
  const fields = (message.field ?? []).filter(
    (field) => changed(bundle, name, field) || rerequired[field.oneofIndex ?? -1] === true,
  );
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
