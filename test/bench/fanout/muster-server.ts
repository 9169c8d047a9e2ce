/** The server under test: the library as anyone would use it. Run by fanout.bench.ts. */

import { SnapshotCache } from '../../../src/xds/cache.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { createXdsServer } from '../../../src/xds/server/server.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { monotonicMs, type ServerCommand, type ServerReport } from './messages.ts';
import { answerLoop, answerUsage } from './usage.ts';

const registry = loadRegistry();
const cache = new SnapshotCache();
const report = (message: ServerReport): void => void process.send?.(message);
const encode = (typeUrl: string, message: object): Uint8Array =>
  registry.encode(typeUrl.slice('type.googleapis.com/'.length), message);
let round = 0;

function cluster(index: number) {
  const name = `service-${index}`;
  const edsClusterConfig = { edsConfig: { ads: {}, resourceApiVersion: 2 } };
  const connectTimeout = { seconds: 5, nanos: 0 };
  return { name, bytes: encode(TYPE_URL.cluster, { name, type: 3, edsClusterConfig, connectTimeout }) };
}

/** Ten endpoints; the last octet of the first one moves with each round. */
function endpoints(index: number, moved: number) {
  const lbEndpoints = Array.from({ length: 10 }, (_, at) => ({
    endpoint: {
      address: {
        socketAddress: {
          address: `10.${index % 250}.${at}.${at === 0 ? moved % 250 : 1}`,
          portValue: 8080,
        },
      },
    },
  }));
  const clusterName = `service-${index}`;
  return {
    name: clusterName,
    bytes: encode(TYPE_URL.endpoint, { clusterName, endpoints: [{ lbEndpoints }] }),
  };
}

function routes() {
  const name = 'routes';
  const entries = Array.from({ length: 100 }, (_, at) => ({
    name: `route-${at}`,
    match: { prefix: `/service/${at}` },
    route: { cluster: `service-${at}` },
  }));
  const virtualHosts = [{ name: 'all', domains: ['*'], routes: entries }];
  return { name, bytes: encode(TYPE_URL.route, { name, virtualHosts }) };
}

function listener() {
  const name = 'web';
  const address = { socketAddress: { address: '0.0.0.0', portValue: 10_000 } };
  return { name, bytes: encode(TYPE_URL.listener, { name, address }) };
}

let allEndpoints: ReturnType<typeof endpoints>[] = [];

async function start(services: number): Promise<void> {
  const indexes = Array.from({ length: services }, (_, index) => index);
  allEndpoints = indexes.map((index) => endpoints(index, 1));
  cache.setResources('edge', TYPE_URL.cluster, indexes.map(cluster));
  cache.setResources('edge', TYPE_URL.endpoint, allEndpoints);
  cache.setResources('edge', TYPE_URL.listener, [listener()]);
  cache.setResources('edge', TYPE_URL.route, [routes()]);
  const server = createXdsServer({ cache, identify: () => ({ key: 'edge' }) });
  const { port } = await server.listen('127.0.0.1', 0);
  report({ done: 'start', port });
}

function push(): void {
  round += 1;
  const { name, bytes } = endpoints(0, round + 1);
  const snapshot = cache.get('edge');
  if (snapshot === undefined) throw new Error('nothing is served yet');
  report({ done: 'push', at: monotonicMs() });
  const resource = { name, bytes, version: String(round) };
  cache.set('edge', snapshot.with([{ typeUrl: TYPE_URL.endpoint, set: [resource] }]));
}

process.on('message', (command: ServerCommand) => {
  if (command.do === 'start') void start(command.services);
  if (command.do === 'push') push();
  if (command.do === 'usage') answerUsage(command.collect);
  if (command.do === 'loop') answerLoop(command.watch);
});
process.on('disconnect', () => process.exit(0));
