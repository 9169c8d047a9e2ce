/** What is kept of a Node message: the rest (extensions, 61 kB in a real Envoy) is skipped while decoding. */
export interface NodeInfo {
  readonly id: string;
  readonly cluster: string;
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
  /** The metadata Struct as plain JSON. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly userAgentName: string;
  /** `1.40.0`, from user_agent_build_version or user_agent_version. */
  readonly userAgentVersion: string;
  readonly clientFeatures: readonly string[];
}

export interface StatusDetail {
  readonly code: number;
  readonly message: string;
}

interface RequestBase {
  /** Only sure to be there on the first message of a stream (rule A1). */
  readonly node?: NodeInfo | undefined;
  /** Empty on a per-type stream means the type of the service (rule A3). */
  readonly typeUrl: string;
  readonly responseNonce: string;
  /** Present exactly on a NACK (rule B1). */
  readonly error?: StatusDetail | undefined;
}

export interface SotwRequest extends RequestBase {
  readonly kind: 'sotw';
  readonly versionInfo: string;
  readonly resourceNames: readonly string[];
}

export interface DeltaRequest extends RequestBase {
  readonly kind: 'delta';
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: ReadonlyMap<string, string>;
}

export type XdsRequest = SotwRequest | DeltaRequest;

/** One response, ready for the wire. Streams that get the same push share this very object. */
export interface XdsResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** The encoded DiscoveryResponse or DeltaDiscoveryResponse, without a gRPC frame. */
  readonly bytes: Uint8Array;
}
