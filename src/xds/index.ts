export { type RawResource, SnapshotCache } from './cache.ts';
export { contentVersion } from './content-hash.ts';
export type { Resource } from './resource.ts';
export { ResourceSet, type SetChanges } from './resource-set.ts';
export { createSnapshot, Snapshot, type TypeChanges } from './snapshot.ts';
export { createStream, LEGACY_WILDCARD, type StreamOptions } from './stream/discovery-stream.ts';
export type {
  DeltaRequest,
  NodeInfo,
  SotwRequest,
  StatusDetail,
  XdsRequest,
  XdsResponse,
} from './stream/messages.ts';
export { Pushes } from './stream/push.ts';
export type { StreamEvent, StreamRefusal, XdsStream } from './stream/stream.ts';
export { PUSH_ORDER, TYPE_URL } from './type-urls.ts';
