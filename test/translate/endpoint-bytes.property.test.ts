import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Endpoint } from '../../src/model/instance.ts';
import { ENDPOINT_TYPE, loadAssignment } from '../../src/translate/endpoint.ts';
import { assignmentBytes } from '../../src/translate/endpoint-bytes.ts';
import { loadRegistry } from '../../src/xds/proto/registry.ts';

const proto = loadRegistry();

const text = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'eu-west-1',
    'x'.repeat(127),
    'x'.repeat(128),
    'x'.repeat(20_000),
    'Zürich',
    '東京',
  ),
  fc.string({ maxLength: 20 }),
);
const locality = fc.record({ region: text, zone: text, subZone: text });
/** Sorted by key, each once, never empty. */
const metadata = fc
  .dictionary(
    fc.oneof(
      fc.constantFrom('version', 'stage', '1', '10', '9', 'x'.repeat(128)),
      text.filter((key) => key !== ''),
    ),
    text,
    { minKeys: 1, maxKeys: 4 },
  )
  .map((entries) => Object.entries(entries).sort(([a], [b]) => compare(a, b)));
const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  address: fc.oneof({ weight: 9, arbitrary: fc.ipV4() }, { weight: 3, arbitrary: fc.ipV6() }, text),
  port: fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(0, 127, 128, 16_383, 16_384, 65_536)),
  locality,
  health: fc.constantFrom('HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING'),
  weight: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(undefined, 1, 128) },
    fc.constantFrom(0, -1, 2 ** 14, 2 ** 21 - 1, 2 ** 28, 2 ** 31, 2 ** 32 - 1),
  ),
  priority: fc.constantFrom(0, 1, 7, 128),
  metadata: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, metadata),
});
const localityWeights = fc.array(
  fc.record(
    {
      zone: fc.constantFrom('', 'a', 'eu-west-1'),
      weight: fc.constantFrom(1, 2, 1_000_000, 2 ** 32 - 1, 0),
    },
    { requiredKeys: ['weight'] },
  ),
  { minLength: 1, maxLength: 3 },
);
const services = fc.tuple(
  fc.record(
    {
      name: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('web', 'a'.repeat(200)) }, text),
      localityWeights,
    },
    { requiredKeys: ['name'] },
  ),
  fc.array(locality, { minLength: 1, maxLength: 3 }),
  fc.array(endpoint, { maxLength: 30 }),
);

/** In order and without doubles, as `endpointResource` hands them on; localities come more than once. */
function ordered(
  endpoints: readonly Endpoint[],
  localities: readonly Endpoint['locality'][],
): readonly Endpoint[] {
  const placed = endpoints.map((one, index): Endpoint => {
    const shared = localities[index % localities.length];
    return index % 2 === 0 && shared !== undefined ? { ...one, locality: { ...shared } } : one;
  });
  const unique = [...new Map(placed.map((one) => [`${one.port} ${one.address}`, one])).values()];
  return unique.toSorted(
    (a, b) =>
      a.priority - b.priority ||
      compare(a.locality.region, b.locality.region) ||
      compare(a.locality.zone, b.locality.zone) ||
      compare(a.locality.subZone, b.locality.subZone) ||
      compare(a.address, b.address) ||
      a.port - b.port,
  );
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

const isAscii = (value: unknown): boolean => !/[^\0-\x7f]/.test(JSON.stringify(value));

test('the short way gives the bytes of the registry, and gives way where a constraint is broken', () => {
  let short = 0;
  fc.assert(
    fc.property(services, ([service, localities, found]) => {
      const endpoints = ordered(found, localities);
      const message = loadAssignment(service, endpoints);
      const bytes = assignmentBytes(service, endpoints);
      const isWell = proto.violations(ENDPOINT_TYPE, message).length === 0;
      if (bytes === undefined) {
        expect(isWell && isAscii([service, endpoints])).toBe(false);
        return;
      }
      short += 1;
      expect(isWell).toBe(true);
      expect(Buffer.from(bytes).equals(proto.encode(ENDPOINT_TYPE, message))).toBe(true);
    }),
    { numRuns: 500 },
  );
  expect(short).toBeGreaterThan(50);
});

test('a service without endpoints, one with thousands, and one with too many priorities', () => {
  const one = (index: number, priority: number): Endpoint => ({
    address: `10.0.${index >> 8}.${index & 255}`,
    port: 80,
    locality: { region: 'r', zone: `z${index % 3}`, subZone: '' },
    health: 'HEALTHY',
    priority,
  });
  const many = Array.from({ length: 20_000 }, (_, index) => one(index, 0));
  for (const endpoints of [[], ordered(many, [{ region: 'r', zone: 'z', subZone: 's' }])]) {
    const bytes = assignmentBytes({ name: 'web' }, endpoints);
    expect(bytes).toEqual(
      new Uint8Array(proto.encode(ENDPOINT_TYPE, loadAssignment({ name: 'web' }, endpoints))),
    );
  }
  const levels = Array.from({ length: 130 }, (_, index) => one(index, index));
  expect(assignmentBytes({ name: 'web' }, levels.slice(1))).toBeDefined();
  expect(assignmentBytes({ name: 'web' }, levels)).toBeUndefined();
});
