import { deepStrictEqual, throws } from 'node:assert';
import { describe, expect, it } from 'vitest';
import { loadRegistry, ProtoError } from '../../../src/xds/proto/registry.ts';

const registry = loadRegistry();
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const CLA = 'envoy.config.endpoint.v3.ClusterLoadAssignment';
const STRUCT = 'google.protobuf.Struct';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('encode and decode', () => {
  it('writes the bytes of the wire format', () => {
    const bytes = registry.encode(CLA, {
      clusterName: 'a',
      endpoints: [{ priority: 1, loadBalancingWeight: { value: 3 } }],
    });
    expect(hex(bytes)).toBe('0a016112061a0208032801');
  });

  it('takes enums as numbers and as names', () => {
    expect(hex(registry.encode(CLUSTER, { lbPolicy: 'MAGLEV' }))).toBe(
      hex(registry.encode(CLUSTER, { lbPolicy: 5 })),
    );
    expect(registry.decode(CLUSTER, registry.encode(CLUSTER, { lbPolicy: 'MAGLEV' }))).toEqual({
      lbPolicy: 5,
    });
  });

  it('leaves out defaults where there is no presence, and keeps them where there is', () => {
    expect(registry.encode(CLUSTER, { name: '', lbPolicy: 0 })).toHaveLength(0);
    // `type` is in a oneof, so STATIC (0) is said on the wire.
    expect(hex(registry.encode(CLUSTER, { type: 'STATIC' }))).toBe('1000');
    expect(registry.decode(CLUSTER, registry.encode(CLUSTER, { type: 0 }))).toEqual({ type: 0 });
  });

  it.each([
    [{ name: 5 }, 'envoy.config.cluster.v3.Cluster.name: expected a string, got 5'],
    [{ lbPolicy: 'NONE' }, 'expected a name of envoy.config.cluster.v3.Cluster.LbPolicy, got "NONE"'],
    [{ healthChecks: [null] }, 'healthChecks: expected an object, got null'],
    [{ loadAssignment: new Uint8Array(3) }, 'loadAssignment: expected an object, got 3 bytes'],
    [{ loadAssignment: [] }, 'loadAssignment: expected an object, got a list'],
    [{ healthChecks: {} }, 'expected a list, got an object'],
    [{ connectTimeout: '5s' }, 'expected an object, got text'],
    [{ connectTimeout: { seconds: 1.5 } }, 'google.protobuf.Duration.seconds: expected an integer, got 1.5'],
    [{ perConnectionBufferLimitBytes: 5 }, 'expected an object, got 5'],
  ])('refuses %j', (message, text) => {
    expect(() => registry.encode(CLUSTER, message)).toThrow(text);
  });

  it('works again after a message it refused', () => {
    const whole = registry.encode(CLUSTER, { name: 'a', connectTimeout: { seconds: 5 } });
    throws(() => registry.encode(CLUSTER, { name: 'a', connectTimeout: { seconds: 'x' } }), ProtoError);
    expect(hex(registry.encode(CLUSTER, { name: 'a', connectTimeout: { seconds: 5 } }))).toBe(hex(whole));
  });

  it('gives bytes that later messages do not change', () => {
    const first = registry.encode(CLUSTER, { name: 'first' });
    registry.encode(CLUSTER, { name: 'second' });
    expect(registry.decode(CLUSTER, first)).toEqual({ name: 'first' });
  });

  it('keeps 64-bit integers exact', () => {
    const type = 'google.protobuf.UInt64Value';
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER, '18446744073709551615'])
      expect(registry.decode(type, registry.encode(type, { value }))).toEqual(value === 0 ? {} : { value });
  });

  it('writes maps sorted by key, at every depth', () => {
    const number = { numberValue: 1 };
    const inner = (keys: string[]): object => ({
      fields: Object.fromEntries(keys.map((key) => [key, number])),
    });
    const one = { fields: { x: { structValue: inner(['b', 'a']) }, w: number } };
    const two = { fields: { w: number, x: { structValue: inner(['a', 'b']) } } };
    expect(hex(registry.encode(STRUCT, one))).toBe(hex(registry.encode(STRUCT, two)));
  });

  it('merges a message given twice and lets the last oneof member win', () => {
    const parts = [
      { edsClusterConfig: { serviceName: 'a' } },
      { edsClusterConfig: { edsConfig: { ads: {} } } },
    ];
    const twice = Buffer.concat(parts.map((part) => registry.encode(CLUSTER, part)));
    expect(registry.decode(CLUSTER, twice)).toEqual({
      edsClusterConfig: { serviceName: 'a', edsConfig: { ads: {} } },
    });
    const both = Buffer.concat(
      [{ type: 3 }, { clusterType: { name: 'x' } }].map((part) => registry.encode(CLUSTER, part)),
    );
    expect(registry.decode(CLUSTER, both)).toEqual({ clusterType: { name: 'x' } });
  });

  it('packs an Any under the usual prefix', () => {
    const any = registry.any(CLUSTER, { name: 'a' });
    deepStrictEqual(any.typeUrl, `type.googleapis.com/${CLUSTER}`);
    expect(registry.decode(CLUSTER, any.value)).toEqual({ name: 'a' });
  });

  it('names the nearest type when one is unknown', () => {
    expect(() => registry.encode('envoy.config.cluster.v3.Clustre', {})).toThrow(`did you mean ${CLUSTER}?`);
    for (const name of ['constructor', '__proto__', '']) {
      expect(registry.has(name)).toBe(false);
      expect(() => registry.decode(name, new Uint8Array())).toThrow(ProtoError);
    }
  });

  it('lists every type, sorted, and compiles each of them', () => {
    const types = registry.types();
    expect([...types].sort()).toEqual(types);
    for (const type of types) {
      expect(registry.encode(type, {})).toHaveLength(0);
      expect(registry.decode(type, new Uint8Array())).toEqual({});
      expect(Array.isArray(registry.violations(type, {}))).toBe(true);
    }
  });
});

describe('hostile bytes and messages', () => {
  const nested = (depth: number): object => {
    let value: object = { numberValue: 1 };
    for (let level = 0; level < depth; level++) value = { structValue: { fields: { a: value } } };
    return { fields: { a: value } };
  };

  it('refuses a Struct 1,000 levels deep, as message, as bytes and as JSON', () => {
    expect(() => registry.encode(STRUCT, nested(1000))).toThrow('nested more than 100 levels deep');
    let bytes: Uint8Array = new Uint8Array([0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
    const wrap = (tag: number, inner: Uint8Array): Uint8Array => {
      const length: number[] = [];
      for (let rest = inner.length; ; rest >>>= 7) {
        length.push(rest > 127 ? (rest & 127) | 128 : rest);
        if (rest <= 127) return Buffer.concat([Uint8Array.of(tag, ...length), inner]);
      }
    };
    for (let level = 0; level < 1000; level++) bytes = wrap(0x2a, wrap(0x0a, wrap(0x12, bytes)));
    expect(() => registry.decode('google.protobuf.Value', bytes)).toThrow('nested more than 100 levels deep');
    let json: object = {};
    for (let level = 0; level < 1000; level++) json = { a: json };
    expect(() => registry.fromJson(STRUCT, json)).toThrow('nested more than 100 levels deep');
    expect(() => registry.toJson(STRUCT, nested(1000))).toThrow('nested more than 100 levels deep');
  });

  it.each([
    ['a length beyond the end', '0a7f61'],
    ['a nested length beyond its parent', '22020a7f61'],
    ['an endless varint', '30ffffffffffffffffffffff01'],
    ['field number 0', '00'],
    ['wire type 7', '0f'],
    ['a group that ends nowhere', '0b'],
  ])('refuses %s', (_, text) => {
    expect(() => registry.decode(CLUSTER, Buffer.from(text, 'hex'))).toThrow(
      /bytes are not a envoy.config.cluster/,
    );
  });

  it('keeps a map key __proto__ a key', () => {
    const message = registry.fromJson(STRUCT, JSON.parse('{"__proto__":{"polluted":true}}'));
    const back = registry.decode(STRUCT, registry.encode(STRUCT, message));
    expect(JSON.stringify(registry.toJson(STRUCT, back))).toBe('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
