import type { EndpointMetadata } from '../model/instance.ts';
import type { Message } from './proto.ts';

/** The namespace in which Envoy's load balancer looks. */
export const LB_FILTER = 'envoy.lb';

/** google.protobuf.Struct of text alone. */
export function textStruct(entries: EndpointMetadata): Message {
  return { fields: Object.fromEntries(entries.map(([key, value]) => [key, { stringValue: value }])) };
}

/** core.v3.Metadata that the load balancer reads. */
export function lbMetadata(entries: EndpointMetadata): Message {
  return { filterMetadata: { [LB_FILTER]: textStruct(entries) } };
}
