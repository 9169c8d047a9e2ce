/** What tests write and expect to read. */
import type {
  ConfigRecord,
  ScopeRecord,
  SnapshotRecord,
  StoredResource,
} from '../../../src/fleet/state/state.ts';
import { instances } from '../fixtures.ts';

export const CONFIG: ConfigRecord = {
  revision: 7,
  hash: 'abc',
  files: [{ path: 'muster.yaml', text: 'groups: {}\n# ü' }],
};

export function scope(over: Partial<ScopeRecord> = {}): ScopeRecord {
  return { source: 'dc', scope: 'eu', instances: instances('a', [1, 2]), at: 1_700_000_000_000, ...over };
}

export function snapshot(over: Partial<SnapshotRecord> = {}): SnapshotRecord {
  const resources = [resource('a'), resource('b')];
  return { group: 'edge', revision: 12, configHash: 'abc', resources, knownSecrets: ['s1'], ...over };
}

export function resource(name: string, version = 'v1'): StoredResource {
  const origins = [{ object: `services/${name}`, file: 'muster.yaml', line: 3 }];
  const bytes = Buffer.from([0, 255, ...Buffer.from(`${name} ${version}`)]);
  return { typeUrl: 'type.googleapis.com/test', name, version, bytes, origins, clusters: [name] };
}

/** In one order and with plain bytes, so that two can be compared. */
export function comparable(record: SnapshotRecord): unknown {
  const resources = record.resources.map((one) => ({
    ...one,
    bytes: Buffer.from(one.bytes).toString('hex'),
  }));
  return { ...record, resources: resources.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}
