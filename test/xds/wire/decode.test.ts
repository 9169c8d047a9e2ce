import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { decodeDeltaRequest, decodeSotwRequest, MalformedRequest } from '../../../src/xds/wire/decode.ts';
import { deltaBytes, fromJson, node, SOTW, sotwBytes } from './requests.ts';

const kept = {
  id: 'vm-7',
  cluster: 'edge',
  metadata: node.metadata,
  region: 'eu-west-1',
  zone: 'eu-west-1a',
  subZone: 'rack-3',
  userAgentName: 'envoy',
  userAgentVersion: '1.40.2',
  clientFeatures: node.client_features,
};
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Where a top-level field ends: there a shorter message is a valid one. */
function boundaries(bytes: Uint8Array): ReadonlySet<number> {
  const reader = protobuf.Reader.create(bytes);
  const found = new Set([0]);
  while (reader.pos < reader.len) {
    reader.skipType(reader.uint32() & 7);
    found.add(reader.pos);
  }
  return found;
}

describe('requests', () => {
  it('a DiscoveryRequest as the registry writes it', () => {
    expect(sotwBytes.length).toBeGreaterThan(60_000);
    const { node: info, ...rest } = decodeSotwRequest(sotwBytes);
    expect(plain(info)).toEqual(kept);
    expect(rest).toEqual({
      kind: 'sotw',
      versionInfo: 'v1',
      resourceNames: ['a', '', 'b'],
      typeUrl: 'type',
      responseNonce: '7',
      error: { code: 13, message: 'refused' },
    });
  });

  it('a DeltaDiscoveryRequest as the registry writes it', () => {
    const { node: info, ...rest } = decodeDeltaRequest(deltaBytes);
    expect(plain(info)).toEqual(kept);
    expect(rest).toEqual({
      kind: 'delta',
      typeUrl: 'type',
      subscribe: ['a', '*'],
      unsubscribe: ['b'],
      initialVersions: new Map([
        ['a', '1'],
        ['b', ''],
      ]),
      responseNonce: '8',
      error: { code: -1, message: 'no' },
    });
  });

  it('A1 B1 an empty message has neither node nor error, and an empty error is a NACK', () => {
    expect(decodeSotwRequest(new Uint8Array())).toMatchObject({ node: undefined, error: undefined });
    expect(decodeDeltaRequest(new Uint8Array())).toMatchObject({ node: undefined, error: undefined });
    expect(decodeSotwRequest(fromJson(SOTW, { error_detail: {} })).error).toEqual({ code: 0, message: '' });
  });

  it('names that stand apart are one list, and a hundred thousand such runs take no more than their length', () => {
    const [name, nonce] = [Uint8Array.of(26, 1, 97), Uint8Array.of(42, 1, 49)];
    const apart = (runs: number): Uint8Array =>
      Buffer.concat(Array.from({ length: runs }, () => [name, nonce]).flat());
    expect(decodeSotwRequest(apart(3)).resourceNames).toEqual(['a', 'a', 'a']);
    const start = performance.now();
    expect(decodeSotwRequest(apart(100_000)).resourceNames).toHaveLength(100_000);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('long lists that came before are the same list, and no other list is taken for it', () => {
    const list = Array.from({ length: 50 }, (_, at) => `service-${at}`);
    const read = (names: readonly string[]): readonly string[] =>
      decodeSotwRequest(fromJson(SOTW, { resource_names: names, type_url: 'type' })).resourceNames;
    const first = read(list);
    expect(read(list)).toBe(first);
    for (const other of [list.slice(1), list.slice(0, 49), [...list, 'x'], list.with(20, 'service-xx')]) {
      expect(read(other)).toEqual(other);
    }
    expect(read(list)).toEqual(list);
  });

  it('unknown fields are stepped over', () => {
    const unknown = protobuf.Writer.create();
    unknown
      .uint32((99 << 3) | 2)
      .bytes(Buffer.from('later'))
      .uint32((98 << 3) | 0)
      .uint32(5);
    unknown
      .uint32((97 << 3) | 1)
      .fixed64(1)
      .uint32((96 << 3) | 5)
      .fixed32(1);
    const bytes = Buffer.concat([unknown.finish(), deltaBytes, unknown.finish()]);
    expect(decodeDeltaRequest(bytes)).toEqual(decodeDeltaRequest(deltaBytes));
  });

  it.each([
    ['DiscoveryRequest', sotwBytes, decodeSotwRequest],
    ['DeltaDiscoveryRequest', deltaBytes, decodeDeltaRequest],
  ] as const)('a truncated %s is refused unless a field ends there', (_, bytes, decode) => {
    const ends = boundaries(bytes);
    const cuts = [...Array(3000).keys(), ...Array.from({ length: 500 }, (_one, at) => bytes.length - 1 - at)];
    for (const cut of cuts) {
      const cutOff = bytes.subarray(0, cut);
      if (ends.has(cut)) decode(cutOff);
      else expect(() => decode(cutOff)).toThrow(MalformedRequest);
    }
  });

  it('garbage throws MalformedRequest and nothing else (property)', () => {
    const short = { maxLength: 80 };
    const edited = fc
      .tuple(fc.constantFrom(sotwBytes, deltaBytes), fc.array(fc.tuple(fc.nat(400), fc.nat(255))))
      .map(([bytes, edits]) => {
        const copy = Uint8Array.from(bytes.subarray(0, 400));
        for (const [at, value] of edits) copy[at] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(short), edited), (bytes) => {
        for (const decode of [decodeSotwRequest, decodeDeltaRequest]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedRequest);
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});
