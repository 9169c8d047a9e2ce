import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { decodeDeltaRequest, decodeSotwRequest } from '../../../src/xds/wire/decode.ts';

const registry = loadRegistry();
const SOTW = 'envoy.service.discovery.v3.DiscoveryRequest';
const DELTA = 'envoy.service.discovery.v3.DeltaDiscoveryRequest';
const namesOf = (message: object): readonly string[] =>
  decodeSotwRequest(registry.encode(SOTW, message)).resourceNames;
const long = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `service-of-a-longer-name-${from + at}`);

describe('lists of names', () => {
  it('equal bytes give the very same list, wherever they stand and whoever sends them', () => {
    const resourceNames = long(0, 100);
    const one = namesOf({ resourceNames, node: { id: 'n1' } });
    expect(one).toEqual(resourceNames);
    expect(namesOf({ resourceNames, versionInfo: '7', responseNonce: '12' })).toBe(one);
    const delta = decodeDeltaRequest(registry.encode(DELTA, { resourceNamesSubscribe: resourceNames }));
    expect(delta.subscribe).toBe(one);
  });

  it('a list that begins or ends like a known one is read as itself', () => {
    const known = namesOf({ resourceNames: long(0, 100) });
    expect(namesOf({ resourceNames: long(0, 101) })).toEqual(long(0, 101));
    expect(namesOf({ resourceNames: long(0, 99) })).toEqual(long(0, 99));
    expect(namesOf({ resourceNames: long(1, 99) })).toEqual(long(1, 99));
    expect(namesOf({ resourceNames: long(0, 100).with(50, 'service-of-a-longer-name-xx') })).toHaveLength(
      100,
    );
    expect(namesOf({ resourceNames: long(0, 100) })).toBe(known);
  });

  it('the kept bytes are not those of the request, which the transport may use again', () => {
    const bytes = registry.encode(SOTW, { resourceNames: long(500, 40) });
    const first = decodeSotwRequest(bytes).resourceNames;
    bytes.fill(0x41);
    expect(namesOf({ resourceNames: long(500, 40) })).toBe(first);
    expect(first).toEqual(long(500, 40));
  });

  it('runs that stand apart are one list', () => {
    const part = (from: number): Uint8Array => registry.encode(SOTW, { resourceNames: long(from, 20) });
    const nonce = registry.encode(SOTW, { responseNonce: '5' });
    const request = decodeSotwRequest(Buffer.concat([part(0), nonce, part(20)]));
    expect(request).toMatchObject({ resourceNames: long(0, 40), responseNonce: '5' });
  });

  it('a cut list is malformed, known or not', () => {
    const bytes = registry.encode(SOTW, { resourceNames: long(900, 40) });
    expect(() => decodeSotwRequest(bytes.subarray(0, -3))).toThrow('not a discovery request');
    decodeSotwRequest(bytes);
    expect(() => decodeSotwRequest(bytes.subarray(0, -3))).toThrow('not a discovery request');
  });

  it('whatever came before, a request says what it says (property)', () => {
    const name = fc.oneof(fc.constantFrom('*', '', 'a', 'x'.repeat(300)), fc.string({ maxLength: 40 }));
    const lists = fc.array(fc.array(name, { maxLength: 60 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lists, fc.array(fc.nat(), { maxLength: 60 }), (pool, picks) => {
        for (const pick of picks) {
          const resourceNames = pool[pick % pool.length] ?? [];
          expect(namesOf({ resourceNames, responseNonce: '1' })).toEqual(resourceNames);
          const changed = { resourceNamesSubscribe: resourceNames, resourceNamesUnsubscribe: resourceNames };
          const delta = decodeDeltaRequest(registry.encode(DELTA, changed));
          expect(delta).toMatchObject({ subscribe: resourceNames, unsubscribe: resourceNames });
        }
      }),
      { numRuns: 200 },
    );
  });
});
