/** The nodes: each with a certificate of its own, on a connection of its own. Run by mtls.bench.ts. */
import { connect } from 'node:tls';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../../secrets/certificates.ts';
import { type H2Node, openNode } from '../fanout/h2-node.ts';
import { monotonicMs } from '../fanout/messages.ts';
import type { LoadCommand, LoadReport } from './messages.ts';

const PATH = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
/** As many handshakes at once as leave the client's own work out of the server's deadline for one. */
const AT_ONCE = 50;

const report = (message: LoadReport): void => void process.send?.(message);
let ca: MadeCertificate | undefined;
let certificates: readonly MadeCertificate[] = [];
let nodes: H2Node[] = [];
let closing = false;

async function make(count: number): Promise<void> {
  const issuer = await makeCa();
  ca = issuer;
  const own = await makeCertificate({ issuer, names: ['localhost'] });
  const made: MadeCertificate[] = [];
  for (let n = 0; n < count; n += 1) {
    made.push(await makeCertificate({ issuer, uris: [`spiffe://example.org/group/edge/node/n${n}`] }));
  }
  certificates = made;
  report({ done: 'make', certificate: own.chain, privateKey: own.privateKey, ca: issuer.certificate });
}

function hello(index: number): Buffer {
  const node = { id: `n${index}`, cluster: 'edge', userAgentName: 'envoy' };
  const request = { node, typeUrl: TYPE_URL.cluster };
  return Buffer.from(loadRegistry().encode('envoy.service.discovery.v3.DeltaDiscoveryRequest', request));
}

/** Resolves with the first configuration. */
function join(port: number, index: number): Promise<void> {
  const certificate = certificates[index];
  if (certificate === undefined || ca === undefined) throw new Error(`node ${index} has no certificate`);
  const tls = { ca: ca.certificate, cert: certificate.chain, key: certificate.privateKey };
  return new Promise((resolve) => {
    const node = openNode({
      port,
      path: PATH,
      open: () =>
        connect({ port, host: '127.0.0.1', servername: 'localhost', ALPNProtocols: ['h2'], ...tls }),
      onMessage: () => resolve(),
      onClose(reason) {
        if (!closing) throw new Error(`node ${index} lost its connection: ${reason}`);
      },
    });
    nodes.push(node);
    node.send(hello(index));
  });
}

async function connectAll(port: number): Promise<void> {
  closing = false;
  const started = monotonicMs();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < certificates.length; index = next++) await join(port, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  report({ done: 'connect', ms: monotonicMs() - started });
}

function close(): void {
  closing = true;
  for (const node of nodes) node.destroy();
  nodes = [];
  report({ done: 'close' });
}

process.on('message', (command: LoadCommand) => {
  if (command.do === 'make') void make(command.nodes);
  if (command.do === 'connect') void connectAll(command.port);
  if (command.do === 'close') close();
});
process.on('disconnect', () => process.exit(0));
