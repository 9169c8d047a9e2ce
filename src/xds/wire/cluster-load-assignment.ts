import protobuf from 'protobufjs/minimal.js';
import type { Resource } from '../resource.ts';
import { textField } from './fields.ts';

/** envoy.config.endpoint.v3.ClusterLoadAssignment of that name, without endpoints. */
export function emptyAssignment(name: string): Resource {
  return { name, version: 'none', bytes: textField(1, name) };
}

const EDS_CLUSTER_CONFIG = (3 << 3) | 2;
const SERVICE_NAME = (2 << 3) | 2;

/** Under which name a cluster asks for its endpoints: eds_cluster_config.service_name, else its own. */
export function endpointsName(cluster: Resource): string {
  try {
    const reader = protobuf.Reader.create(cluster.bytes);
    let name = '';
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === EDS_CLUSTER_CONFIG) name = serviceName(reader, reader.uint32() + reader.pos) || name;
      else reader.skipType(tag & 7);
    }
    return name === '' ? cluster.name : name;
  } catch {
    // Resources are opaque here: bytes that are no Cluster are the client's to refuse.
    return cluster.name;
  }
}

function serviceName(reader: protobuf.Reader, end: number): string {
  let name = '';
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === SERVICE_NAME) name = reader.string();
    else reader.skipType(tag & 7);
  }
  return name;
}
