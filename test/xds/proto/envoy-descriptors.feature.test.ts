import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { findDescriptors } from '../../../protos/update/find-descriptors.ts';
import type { FieldProto, FileProto, MessageProto } from '../../../protos/update/print-proto.ts';
import { ensurePart } from '../../../scripts/parts.mjs';
import type { FieldDescriptor, MessageDescriptor } from '../../../src/xds/proto/descriptor.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { projectRoot } from '../../../src/xds/proto/sources.ts';
import { checkoutBundle } from '../../../src/xds/proto/store.ts';

const registry = loadRegistry();
const bundle = checkoutBundle(projectRoot());
const FILE = 'google.protobuf.FileDescriptorProto';
const REPEATED = 3;
const MESSAGE = 11;

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** One line a field: number, name, how many, type, oneof, whether it is sensitive and has constraints. */
function line(...parts: readonly (string | number | boolean | undefined)[]): string {
  return parts.map(String).join(' ');
}

function theirs(message: MessageProto, field: FieldProto): string {
  const index = field.proto3Optional === true ? undefined : field.oneofIndex;
  const oneof = index === undefined ? undefined : camel(message.oneofDecl?.[index]?.name ?? '');
  const isMap = message.nestedType?.some(
    (one) => one.options?.mapEntry === true && field.typeName?.endsWith(`.${message.name}.${one.name}`),
  );
  const type = isMap ? 'map' : field.type === MESSAGE ? field.typeName?.slice(1) : 'scalar or enum';
  const rules = field.options?.['.validate.rules'] !== undefined;
  const sensitive = field.options?.['.udpa.annotations.sensitive'] === true;
  return line(field.number, field.name, field.label === REPEATED, type, oneof, rules, sensitive);
}

function ours(field: FieldDescriptor): string {
  const type = field.mapKey !== undefined ? 'map' : field.kind === 'message' ? field.type : 'scalar or enum';
  const many = field.repeated === true || field.mapKey !== undefined;
  const name = field.protoName ?? field.name;
  return line(field.id, name, many, type, field.oneof, field.rules !== undefined, field.sensitive === true);
}

function differences(name: string, message: MessageProto, known: MessageDescriptor): string[] {
  const have = new Set(known.fields.map(ours));
  const missing = (message.field ?? [])
    .map((field) => theirs(message, field))
    .filter((text) => !have.has(text));
  const required = (message.oneofDecl ?? [])
    .filter((oneof) => oneof.options?.['.validate.required'] === true)
    .map((oneof) => camel(oneof.name));
  const same = required.sort().join() === [...(known.requiredOneofs ?? [])].sort().join();
  return [...missing.map((text) => `${name}: ${text}`), ...(same ? [] : [`${name}: required ${required}`])];
}

function* messages(scope: string, list: readonly MessageProto[]): Generator<readonly [string, MessageProto]> {
  for (const message of list) {
    if (message.options?.mapEntry === true) continue;
    yield [`${scope}.${message.name}`, message];
    yield* messages(`${scope}.${message.name}`, message.nestedType ?? []);
  }
}

describe('the descriptors that a real Envoy carries', () => {
  it('agree with ours in every field, oneof and constraint', async () => {
    const found = findDescriptors(await readFile(await ensurePart('envoy')));
    const all = [...found]
      .filter(([file]) => /^(envoy|xds)\//.test(file) && !/\/v2\//.test(file))
      // Decoded by the descriptor of that very shape.
      .map(([, bytes]) => registry.decode(FILE, bytes) as unknown as FileProto)
      .flatMap((file) => [...messages(file.package, file.messageType ?? [])]);
    expect(all.length).toBeGreaterThan(1300);
    const different = all.flatMap(([name, message]) => {
      const known = bundle.messages[name];
      return known === undefined ? [`${name}: unknown to us`] : differences(name, message, known);
    });
    expect(different).toEqual([]);
  });
});
