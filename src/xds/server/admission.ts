import type { NodeInfo, XdsRequest } from '../stream/messages.ts';
import type { StreamRefusal } from '../stream/stream.ts';
import type { XdsLimits } from './options.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

const invalid = (message: string): StreamRefusal => ({ code: 'INVALID_ARGUMENT', message });

/** The node of a first message must name itself in a way that logs, metrics and files can carry (rule A2). */
export function refuseNode(node: NodeInfo | undefined, limits: XdsLimits): StreamRefusal | undefined {
  if (node === undefined || node.id === '') {
    return invalid(
      'The first request of a stream must carry node.id: start Envoy with --service-node or set node.id.',
    );
  }
  if (node.id.length > limits.nodeIdLength) {
    return invalid(`node.id has ${node.id.length} characters, more than the ${limits.nodeIdLength} allowed.`);
  }
  if (CONTROL.test(node.id)) return invalid('node.id contains a control character or a line break.');
  return undefined;
}

/** Later messages may leave the node out or repeat it (rule A1), but a stream stays with its first node. */
export function refuseChangedNode(node: NodeInfo | undefined, first: NodeInfo): StreamRefusal | undefined {
  if (node === undefined || node.id === '' || node.id === first.id) return undefined;
  return invalid('node.id changed within the stream: open a new stream for another node.');
}

/** The type of a request is its own or that of its service; on ADS it must be there (rule A3). */
export function refuseType(request: XdsRequest, serviceType: string): StreamRefusal | undefined {
  if (serviceType === '') {
    return request.typeUrl === ''
      ? invalid('A request on the aggregated stream must set type_url.')
      : undefined;
  }
  if (request.typeUrl === '' || request.typeUrl === serviceType) return undefined;
  return invalid(`This service serves ${serviceType}, and the request asks for another type_url.`);
}

export function refuseNames(request: XdsRequest, limits: XdsLimits): StreamRefusal | undefined {
  const count =
    request.kind === 'sotw'
      ? request.resourceNames.length
      : request.subscribe.length + request.unsubscribe.length + request.initialVersions.size;
  if (count <= limits.namesPerRequest) return undefined;
  return {
    code: 'RESOURCE_EXHAUSTED',
    message: `The request names ${count} resources, more than the ${limits.namesPerRequest} allowed.`,
  };
}
