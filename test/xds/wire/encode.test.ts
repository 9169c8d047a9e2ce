import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { endpointsName } from '../../../src/xds/wire/cluster-load-assignment.ts';
import { encodeDelta, encodeSotw } from '../../../src/xds/wire/encode.ts';
import { bytesField, varintSize } from '../../../src/xds/wire/fields.ts';

const registry = loadRegistry();
const SOTW = 'envoy.service.discovery.v3.DiscoveryResponse';
const DELTA = 'envoy.service.discovery.v3.DeltaDiscoveryResponse';
const CLUSTER = 'envoy.config.cluster.v3.Cluster';

const resource = fc.record({
  name: fc.string(),
  version: fc.string(),
  bytes: fc.uint8Array({ maxLength: 300 }),
});
const envelope = fc.record({
  typeUrl: fc.string({ minLength: 1 }),
  version: fc.string(),
  nonce: fc.string(),
  identifier: fc.string({ minLength: 1 }),
  resources: fc.array(resource, { maxLength: 5 }),
});

describe('responses, read by the registry', () => {
  it('A7 B14 a DiscoveryResponse with all it was given (property)', () => {
    fc.assert(
      fc.property(envelope, ({ typeUrl, version, nonce, identifier, resources }) => {
        const bytes = encodeSotw({ typeUrl, version, nonce, identifier, resources });
        expect(registry.decode(SOTW, bytes)).toMatchObject({
          ...(version === '' ? {} : { versionInfo: version }),
          typeUrl,
          ...(nonce === '' ? {} : { nonce }),
          controlPlane: { identifier },
        });
        const got = registry.decode(SOTW, bytes)['resources'];
        const anys = resources.map((one) => [typeUrl, Buffer.from(one.bytes).toString('hex')]);
        expect(shown(got, (one) => [one['typeUrl'], hex(one['value'])])).toEqual(anys);
      }),
    );
  });

  it('A7 B14 D6 D10 a DeltaDiscoveryResponse: each resource has name and version (property)', () => {
    fc.assert(
      fc.property(envelope, fc.array(fc.string()), (given, removed) => {
        const message = registry.decode(DELTA, encodeDelta({ ...given, removed }));
        const wanted = given.resources.map(({ name, version, bytes }) => [
          name,
          version,
          given.typeUrl,
          Buffer.from(bytes).toString('hex'),
        ]);
        const got = shown(message['resources'], (one) => {
          const any = record(one['resource']);
          return [one['name'] ?? '', one['version'] ?? '', any['typeUrl'], hex(any['value'])];
        });
        expect(got).toEqual(wanted);
        expect(message['removedResources'] ?? []).toEqual(removed);
        expect(record(message['controlPlane'])['identifier']).toBe(given.identifier);
        expect(message['typeUrl']).toBe(given.typeUrl);
      }),
    );
  });

  it('B14 one resource served under two types has the type of each response', () => {
    const shared = { name: 'a', version: '1', bytes: Buffer.from('x') };
    for (const typeUrl of ['one', 'two']) {
      const given = { typeUrl, version: 'v', nonce: '1', identifier: 'me', resources: [shared] };
      const message = registry.decode(SOTW, encodeSotw(given));
      expect(shown(message['resources'], (one) => [one['typeUrl']])).toEqual([[typeUrl]]);
    }
  });

  it.each([0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])('lengths of %i bytes', (length) => {
    const field = bytesField(2, Buffer.alloc(length, 7));
    expect(field.length).toBe(1 + varintSize(length) + length);
    const given = { name: 'a', version: '1', bytes: Buffer.alloc(length, 7) };
    const bytes = encodeSotw({
      typeUrl: 't',
      version: 'v',
      nonce: '1',
      identifier: 'me',
      resources: [given],
    });
    const [[value] = []] = shown(registry.decode(SOTW, bytes)['resources'], (one) => [one['value']]);
    expect(value === undefined ? 0 : Buffer.from(Object(value)).length).toBe(length);
  });

  it('O6 a cluster asks for its endpoints by service_name, else by its own', () => {
    const named = (json: object) => ({
      name: 'c',
      version: '1',
      bytes: registry.encode(CLUSTER, registry.fromJson(CLUSTER, { name: 'c', ...json })),
    });
    const eds = (config: object) => named({ type: 'EDS', eds_cluster_config: config });
    expect(endpointsName(named({}))).toBe('c');
    expect(endpointsName(eds({ eds_config: { ads: {} } }))).toBe('c');
    expect(endpointsName(eds({ service_name: 'other', eds_config: { ads: {} } }))).toBe('other');
    expect(endpointsName({ name: 'c', version: '1', bytes: Buffer.from('no cluster at all') })).toBe('c');
  });
});

function record(value: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(Object(value)));
}

function shown(
  list: unknown,
  show: (one: Record<string, unknown>) => readonly unknown[],
): readonly (readonly unknown[])[] {
  return Array.isArray(list) ? list.map((one) => show(record(one))) : [];
}

function hex(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : '';
}
