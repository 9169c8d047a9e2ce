import { createXdsServer, SnapshotCache } from '../../src/xds/index.ts'; // outside this repository: 'muster/xds'

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const ENDPOINTS = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';

const cache = new SnapshotCache();
const server = createXdsServer({
  cache,
  identify: (node) => ({ key: node.cluster }),
  observer: {
    event: (stream, event) => console.log(stream.node.id, event.kind, event.typeUrl, event.version),
  },
});
const { port } = await server.listen('127.0.0.1', Number(process.argv[2] ?? 18000));
console.log(`listening on 127.0.0.1:${port}`);

// Bytes are the serialized messages, from wherever you have them. Nothing is validated.
const hello = Buffer.from('0a0568656c6c6f', 'hex'); // a message with name: "hello"
cache.setResources('edge', CLUSTER, [{ name: 'hello', bytes: hello }], { version: 'release-7' });
cache.setResources('edge', ENDPOINTS, [{ name: 'hello', bytes: hello }]); // version: a content hash
console.log(cache.getResources('edge', CLUSTER).label, [...cache.getResources('edge', CLUSTER).names()]);
process.on('SIGTERM', () => void server.close(1000));
