export { type RawResource, SnapshotCache } from './cache.ts';
export { contentVersion } from './content-hash.ts';
export type { Resource } from './resource.ts';
export { ResourceSet, type SetChanges } from './resource-set.ts';
export type {
  RefusedCall,
  StreamInfo,
  StreamObserver,
  StreamStatus,
  TypeStatus,
  XdsClock,
  XdsLimits,
  XdsServerOptions,
  XdsTiming,
} from './server/options.ts';
export type { Peer } from './server/peer.ts';
export { createXdsServer, type XdsServer } from './server/server.ts';
export type { XdsTls } from './server/tls.ts';
export { createSnapshot, Snapshot, type TypeChanges } from './snapshot.ts';
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
export { createXdsStream, type XdsStreamOptions } from './stream/xds-stream.ts';
export { PUSH_ORDER, TYPE_URL } from './type-urls.ts';
