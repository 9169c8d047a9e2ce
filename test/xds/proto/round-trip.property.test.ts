import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { FieldDescriptor } from '../../../src/xds/proto/descriptor.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { projectRoot } from '../../../src/xds/proto/sources.ts';
import { checkoutBundle } from '../../../src/xds/proto/store.ts';

const registry = loadRegistry();
const bundle = checkoutBundle(projectRoot());
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const TYPES = [
  CLUSTER,
  'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.config.listener.v3.Listener',
  'envoy.config.route.v3.RouteConfiguration',
  'envoy.extensions.transport_sockets.tls.v3.Secret',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
];

function scalar(type: string): fc.Arbitrary<unknown> {
  if (type === 'string') return fc.string({ unit: 'grapheme', maxLength: 8 });
  if (type === 'bytes') return fc.uint8Array({ maxLength: 8 });
  if (type === 'bool') return fc.boolean();
  if (type === 'double') return fc.double({ noNaN: true });
  if (type === 'float') return fc.float({ noNaN: true });
  if (type.startsWith('u') || type.startsWith('fixed')) return fc.nat(2 ** 31 - 1);
  return fc.integer();
}

/** Their JSON allows less than their fields do. */
const FIXED: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'google.protobuf.Duration': fc.record({
    seconds: fc.integer({ min: 1, max: 1e6 }),
    nanos: fc.integer({ min: 1, max: 999_999_999 }),
  }),
  'google.protobuf.Timestamp': fc.record({ seconds: fc.integer({ min: 1, max: 2e9 }) }),
  'google.protobuf.Struct': fc.record({
    fields: fc.dictionary(fc.string({ maxLength: 4 }), fc.record({ stringValue: fc.string() })),
  }),
  'google.protobuf.Value': fc.record({ boolValue: fc.boolean() }),
  'google.protobuf.ListValue': fc.constant({ values: [{ nullValue: 0 }] }),
  'google.protobuf.FieldMask': fc.constant({ paths: ['a_b', 'c'] }),
};

function value(field: FieldDescriptor, depth: number): fc.Arbitrary<unknown> {
  if (field.kind === 'scalar') return scalar(field.type);
  if (field.kind === 'enum')
    return fc.constantFrom(...Object.values(bundle.enums[field.type] ?? { ZERO: 0 }));
  return message(field.type, depth - 1);
}

/** Any message of a type: a few fields of it, at most one of each oneof. */
function message(type: string, depth: number): fc.Arbitrary<object> {
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed as fc.Arbitrary<object>;
  if (type === 'google.protobuf.Any')
    return message(CLUSTER, 0).map((inner) => ({ ...registry.any(CLUSTER, inner) }));
  const fields = (bundle.messages[type]?.fields ?? []).filter(
    (field) => depth > 0 || field.kind !== 'message',
  );
  return fc.subarray([...fields], { maxLength: Math.min(5, fields.length) }).chain((chosen) => {
    const oneofs = new Set<string>();
    const kept = chosen.filter(
      ({ oneof }) => oneof === undefined || (!oneofs.has(oneof) && oneofs.add(oneof)),
    );
    return fc.record(Object.fromEntries(kept.map((field) => [field.name, fieldValue(field, depth)])));
  });
}

function fieldValue(field: FieldDescriptor, depth: number): fc.Arbitrary<unknown> {
  const one = value(field, depth);
  if (field.repeated) return fc.array(one, { minLength: 1, maxLength: 3 });
  if (field.mapKey === undefined) return one;
  return fc.dictionary(fc.string({ minLength: 1, maxLength: 3 }), one, { minKeys: 1, maxKeys: 4 });
}

/** The same message with the entries of every object, hence of every map, in the opposite order. */
function reversed(item: unknown): unknown {
  if (Array.isArray(item)) return item.map(reversed);
  if (typeof item !== 'object' || item === null || item instanceof Uint8Array) return item;
  return Object.fromEntries(
    Object.entries(item)
      .reverse()
      .map(([key, one]) => [key, reversed(one)]),
  );
}

describe.each(TYPES)('any %s', (type) => {
  const messages = message(type, 4);

  it('keeps its bytes through decode and through JSON', () => {
    fc.assert(
      fc.property(messages, (original) => {
        const bytes = registry.encode(type, original);
        const decoded = registry.decode(type, bytes);
        expect(hex(registry.encode(type, decoded))).toBe(hex(bytes));
        const json = JSON.parse(JSON.stringify(registry.toJson(type, decoded)));
        expect(hex(registry.encode(type, registry.fromJson(type, json)))).toBe(hex(bytes));
      }),
      { numRuns: 60 },
    );
  });

  it('has the same bytes and the same JSON text whatever the order of its maps', () => {
    fc.assert(
      fc.property(messages, (original) => {
        const other = reversed(original) as object;
        expect(hex(registry.encode(type, other))).toBe(hex(registry.encode(type, original)));
        expect(JSON.stringify(registry.toJson(type, other))).toBe(
          JSON.stringify(registry.toJson(type, original)),
        );
      }),
      { numRuns: 40 },
    );
  });

  it('is checked for constraints without a crash', () => {
    fc.assert(
      fc.property(messages, (original) => {
        for (const violation of registry.violations(type, original))
          expect(violation.path).not.toContain('undefined');
      }),
      { numRuns: 40 },
    );
  });
});

describe('against protobufjs itself', () => {
  const require = createRequire(import.meta.url);
  const deps = join(require.resolve('@grpc/grpc-js-xds/package.json'), '..', 'deps');
  const bases: Readonly<Record<string, string>> = { envoy: 'envoy-api', validate: 'protoc-gen-validate' };
  const root = new protobuf.Root();
  root.resolvePath = (_, file) =>
    file.startsWith('google/protobuf/')
      ? require.resolve(`protobufjs/${file}`)
      : join(deps, bases[file.split('/')[0] ?? ''] ?? 'xds', file);
  root.loadSync('envoy/config/core/v3/grpc_service.proto');

  // Messages without an Any (theirs spells it type_url), and which no patch touches.
  it.each([
    'envoy.config.core.v3.Locality',
    'envoy.config.core.v3.HeaderValueOption',
    'envoy.config.core.v3.GrpcService.GoogleGrpc.CallCredentials.StsService',
    'envoy.config.core.v3.GrpcService.GoogleGrpc.ChannelArgs',
    'google.protobuf.Struct',
  ])('reads and writes the same %s', (type) => {
    const theirs = root.lookupType(type);
    fc.assert(
      fc.property(message(type, 4), (original) => {
        const bytes = registry.encode(type, original);
        // Theirs writes map entries as they come: the same bytes, in another order at most.
        for (const other of [
          theirs.encode(theirs.decode(bytes)).finish(),
          theirs.encode(original).finish(),
        ]) {
          expect(other.length).toBe(bytes.length);
          expect(hex(registry.encode(type, registry.decode(type, other)))).toBe(hex(bytes));
        }
      }),
    );
  });
});

describe('garbage', () => {
  it('gives an answer or a ProtoError, never another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...TYPES), (bytes, type) => {
        try {
          registry.decode(type, bytes);
        } catch (error) {
          expect(error).toHaveProperty('name', 'ProtoError');
        }
      }),
      { numRuns: 500 },
    );
  });
});
