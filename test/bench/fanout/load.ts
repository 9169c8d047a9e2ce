/** The load generator: many nodes in one process, each on a connection of its own. Run by fanout.bench.ts. */
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { type H2Node, openNode } from './h2-node.ts';
import { type Connect, type LoadCommand, type LoadReport, monotonicMs } from './messages.ts';
import { glanceResponse } from './wire.ts';

const registry = loadRegistry();
const METHOD = { sotw: 'StreamAggregatedResources', delta: 'DeltaAggregatedResources' } as const;
const FOLLOW_UP: Readonly<Record<string, string>> = {
  [TYPE_URL.cluster]: TYPE_URL.endpoint,
  [TYPE_URL.listener]: TYPE_URL.route,
};

let setup: Connect | undefined;
let nodes: H2Node[] = [];
let configured = 0;
let started = 0;
let arrivals: number[] | undefined;
let closing = false;
const first = new Map<string, Buffer>();
let lastPush: Buffer = Buffer.alloc(0);
const encoded = new Map<string, Buffer>();

const report = (message: LoadReport): void => void process.send?.(message);

/** The same request of every node is encoded once: the generator must not be what is measured. */
function request(key: string, build: () => object): Buffer {
  const known = encoded.get(key);
  if (known !== undefined) return known;
  const type = setup?.variant === 'delta' ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest';
  const bytes = Buffer.from(registry.encode(`envoy.service.discovery.v3.${type}`, build()));
  encoded.set(key, bytes);
  return bytes;
}

function names(typeUrl: string): string[] {
  if (typeUrl === TYPE_URL.route) return ['routes'];
  if (typeUrl !== TYPE_URL.endpoint) return [];
  return Array.from({ length: setup?.services ?? 0 }, (_, index) => `service-${index}`);
}

function subscribe(typeUrl: string): Buffer {
  return request(`subscribe ${typeUrl}`, () =>
    setup?.variant === 'delta'
      ? { typeUrl, resourceNamesSubscribe: names(typeUrl) }
      : { typeUrl, resourceNames: names(typeUrl) },
  );
}

function acknowledge(typeUrl: string, nonce: string): Buffer {
  const build = (): object =>
    setup?.variant === 'delta'
      ? { typeUrl, responseNonce: nonce }
      : { typeUrl, responseNonce: nonce, versionInfo: nonce, resourceNames: names(typeUrl) };
  if (encoded.size > 2000) encoded.clear();
  return request(`ack ${typeUrl} ${nonce}`, build);
}

function hello(index: number, nodeBytes: number): Buffer {
  const extensions =
    nodeBytes === 0 ? [] : Array.from({ length: 516 }, (_, at) => extension(at, Math.floor(nodeBytes / 516)));
  const node = {
    id: `node-${index}`,
    cluster: 'edge',
    userAgentName: 'envoy',
    extensions,
    metadata: { fields: { role: { stringValue: 'edge' } } },
  };
  const type = setup?.variant === 'delta' ? 'DeltaDiscoveryRequest' : 'DiscoveryRequest';
  return Buffer.from(
    registry.encode(`envoy.service.discovery.v3.${type}`, { node, typeUrl: TYPE_URL.cluster }),
  );
}

const extension = (at: number, bytes: number): object => ({
  name: `envoy.extension.${at}.`.padEnd(Math.max(20, bytes - 30), 'x'),
  category: 'envoy.filters.http',
});

function open(index: number): H2Node {
  const seen = new Set<string>();
  const node = openNode({
    port: setup?.port ?? 0,
    path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${METHOD[setup?.variant ?? 'delta']}`,
    onMessage(message) {
      const { typeUrl, nonce } = glanceResponse(message);
      node.send(acknowledge(typeUrl, nonce));
      if (seen.has(typeUrl)) return onPush(message);
      seen.add(typeUrl);
      if (!first.has(typeUrl)) first.set(typeUrl, Buffer.from(message));
      const next = FOLLOW_UP[typeUrl];
      if (next !== undefined) node.send(subscribe(next));
      if (seen.size === 4) onConfigured();
    },
    onClose(reason) {
      if (!closing) throw new Error(`node ${index} lost its connection: ${reason}`);
    },
  });
  node.send(hello(index, setup?.nodeBytes ?? 0));
  node.send(subscribe(TYPE_URL.listener));
  return node;
}

function onConfigured(): void {
  configured += 1;
  if (configured === setup?.nodes) report({ done: 'connect', ms: monotonicMs() - started });
}

function onPush(message: Buffer): void {
  if (arrivals === undefined) return;
  arrivals.push(monotonicMs());
  if (arrivals.length < nodes.length) return;
  lastPush = Buffer.from(message);
  report({ done: 'round', arrivals });
  arrivals = undefined;
}

function connect(command: Connect): void {
  setup = command;
  closing = false;
  configured = 0;
  encoded.clear();
  first.clear();
  started = monotonicMs();
  nodes = Array.from({ length: command.nodes }, (_, index) => open(index));
}

function close(): void {
  closing = true;
  for (const node of nodes) node.destroy();
  nodes = [];
  report({ done: 'close' });
}

process.on('message', (command: LoadCommand) => {
  if (command.do === 'connect') connect(command);
  if (command.do === 'close') close();
  if (command.do === 'round') {
    arrivals = [];
    report({ done: 'armed' });
  }
  if (command.do === 'record') {
    const answers = [...first].map(([typeUrl, bytes]) => [typeUrl, bytes.toString('base64')]);
    report({ done: 'record', first: Object.fromEntries(answers), push: lastPush.toString('base64') });
  }
});
process.on('disconnect', () => process.exit(0));
