import type { Resource } from '../resource.ts';
import { bytesField, textField } from './fields.ts';

/** google.protobuf.Any. */
const ANY = { typeUrl: 1, value: 2 } as const;
/** envoy.service.discovery.v3.DiscoveryResponse. */
const SOTW = { version: 1, resources: 2, typeUrl: 4, nonce: 5, controlPlane: 6 } as const;
/** envoy.service.discovery.v3.DeltaDiscoveryResponse. */
const DELTA = { version: 1, resources: 2, typeUrl: 4, nonce: 5, removed: 6, controlPlane: 7 } as const;
/** envoy.service.discovery.v3.Resource. */
const RESOURCE = { version: 1, resource: 2, name: 3 } as const;

interface Envelope {
  readonly typeUrl: string;
  /** version_info or system_version_info. */
  readonly version: string;
  readonly nonce: string;
  /** control_plane.identifier: Envoy shows it as a stat (rule A7). */
  readonly identifier: string;
  readonly resources: readonly Resource[];
}

/** A whole DiscoveryResponse. Each resource is encoded once in its life. */
export function encodeSotw(envelope: Envelope): Buffer {
  const slices = envelope.resources.map((resource) => sotwSlice(envelope.typeUrl, resource));
  return Buffer.concat([
    textField(SOTW.version, envelope.version),
    ...slices,
    textField(SOTW.typeUrl, envelope.typeUrl),
    textField(SOTW.nonce, envelope.nonce),
    bytesField(SOTW.controlPlane, textField(1, envelope.identifier)),
  ]);
}

/** A whole DeltaDiscoveryResponse. */
export function encodeDelta(envelope: Envelope & { readonly removed: readonly string[] }): Buffer {
  const slices = envelope.resources.map((resource) => deltaSlice(envelope.typeUrl, resource));
  return Buffer.concat([
    textField(DELTA.version, envelope.version),
    ...slices,
    textField(DELTA.typeUrl, envelope.typeUrl),
    textField(DELTA.nonce, envelope.nonce),
    // An empty name is an ordinary one that matches nothing: it must be written to be answered.
    ...envelope.removed.map((name) => bytesField(DELTA.removed, Buffer.from(name, 'utf8'))),
    bytesField(DELTA.controlPlane, textField(1, envelope.identifier)),
  ]);
}

interface Slice {
  readonly typeUrl: string;
  readonly bytes: Buffer;
}

const sotwSlices = new WeakMap<Resource, Slice>();
const deltaSlices = new WeakMap<Resource, Slice>();

function sotwSlice(typeUrl: string, resource: Resource): Buffer {
  return cached(sotwSlices, typeUrl, resource, () => bytesField(SOTW.resources, any(typeUrl, resource)));
}

function deltaSlice(typeUrl: string, resource: Resource): Buffer {
  return cached(deltaSlices, typeUrl, resource, () => {
    const message = Buffer.concat([
      textField(RESOURCE.version, resource.version),
      bytesField(RESOURCE.resource, any(typeUrl, resource)),
      textField(RESOURCE.name, resource.name),
    ]);
    return bytesField(DELTA.resources, message);
  });
}

function any(typeUrl: string, resource: Resource): Buffer {
  return Buffer.concat([textField(ANY.typeUrl, typeUrl), bytesField(ANY.value, resource.bytes)]);
}

/** A resource is of one type, but nothing keeps a caller from serving it under two. */
function cached(
  slices: WeakMap<Resource, Slice>,
  typeUrl: string,
  resource: Resource,
  make: () => Buffer,
): Buffer {
  const known = slices.get(resource);
  if (known?.typeUrl === typeUrl) return known.bytes;
  const bytes = make();
  slices.set(resource, { typeUrl, bytes });
  return bytes;
}
