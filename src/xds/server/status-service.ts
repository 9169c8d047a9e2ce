import type { ServerHttp2Stream } from 'node:http2';
import { loadRegistry } from '../proto/registry.ts';
import { GrpcCall } from './grpc-call.ts';
import { frameMessage } from './grpc-frame.ts';
import { compileMatchers, type NodeMatcher } from './node-matcher.ts';
import type { StreamStatus, TypeStatus } from './options.ts';

export interface StatusCallOptions {
  readonly kind: 'stream' | 'fetch';
  readonly maxBytes: number;
  readonly list: () => readonly StreamStatus[];
  /** Asked for each request: a call may outlive the right to it. */
  readonly allowed: () => boolean;
}

interface StatusRequest {
  readonly nodeMatchers?: readonly NodeMatcher[];
}

const REQUEST = 'envoy.service.status.v3.ClientStatusRequest';
const RESPONSE = 'envoy.service.status.v3.ClientStatusResponse';
const NO_LONGER = {
  code: 'PERMISSION_DENIED',
  message: 'The status of all streams is no longer shown to this client.',
} as const;
const OK = { code: 'OK', message: '' } as const;

/**
 * Client status discovery, the server's view (rule C1): per stream and type whether the node has what was sent.
 * Contents are never shown, so `exclude_resource_contents` makes no difference and no secret can leave here.
 */
export function createStatusCall(stream: ServerHttp2Stream, options: StatusCallOptions): void {
  const call: GrpcCall = new GrpcCall(stream, options.maxBytes, {
    onMessage(message) {
      if (!options.allowed()) return call.end(NO_LONGER);
      const answer = answerStatus(message, options.list());
      if (answer instanceof Uint8Array) call.write(frameMessage(answer));
      else call.end({ code: 'INVALID_ARGUMENT', message: answer.problem });
      if (options.kind === 'fetch') call.end(OK);
    },
    onHalfClose: () => call.end(OK),
    onDrain() {},
    onClose() {},
  });
}

function answerStatus(
  message: Uint8Array,
  streams: readonly StreamStatus[],
): Uint8Array | { readonly problem: string } {
  const registry = loadRegistry();
  let matches: (status: StreamStatus) => boolean;
  try {
    // The registry gives the message of this type and no other.
    const request = registry.decode(REQUEST, message) as StatusRequest;
    matches = compileMatchers(request.nodeMatchers ?? []);
  } catch (error) {
    return {
      problem: `The status request cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const config = streams.filter(matches).map(clientConfig);
  return registry.encode(RESPONSE, registry.fromJson(RESPONSE, { config }));
}

/** In canonical proto JSON: the node's metadata needs no conversion to a Struct this way. */
function clientConfig({ stream, types }: StreamStatus): object {
  const { node } = stream;
  return {
    node: {
      id: node.id,
      cluster: node.cluster,
      metadata: node.metadata,
      locality: { region: node.region, zone: node.zone, subZone: node.subZone },
      userAgentName: node.userAgentName,
    },
    genericXdsConfigs: types.map(genericConfig),
    clientScope: `stream ${stream.id}`,
  };
}

function genericConfig(type: TypeStatus): object {
  const base = { typeUrl: type.typeUrl, versionInfo: type.acked, configStatus: type.status };
  if (type.error === undefined) return base;
  return { ...base, errorState: { versionInfo: type.error.version, details: type.error.message } };
}
