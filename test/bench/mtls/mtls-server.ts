/** The server under test: mTLS, the group from the certificate, a denylist asked for each stream. Run by mtls.bench.ts. */
import { decideGroup } from '../../../src/fleet/groups.ts';
import type { Config } from '../../../src/model/config.ts';
import { isDenied, parseDenylist } from '../../../src/serve/denylist.ts';
import { SnapshotCache } from '../../../src/xds/cache.ts';
import { createXdsServer, type XdsServer } from '../../../src/xds/server/server.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { configOf, group } from '../../fleet/fixtures.ts';
import type { ServerCommand, ServerReport, Start } from './messages.ts';

const config: Config = configOf({ groups: [group('edge', [])] });
const parsed = parseDenylist('spiffe://example.org/group/edge/node/revoked\n');
if ('problem' in parsed) throw new Error(parsed.problem);
const { list } = parsed;
const report = (message: ServerReport): void => void process.send?.(message);
let server: XdsServer | undefined;

async function start({ certificate, privateKey, ca }: Start): Promise<void> {
  const cache = new SnapshotCache();
  const name = 'web';
  cache.setResources('edge', TYPE_URL.cluster, [{ name, bytes: Buffer.from('\n\u0003web') }]);
  server = createXdsServer({
    cache,
    admitPeer: (peer) =>
      isDenied(list, peer) ? { code: 'PERMISSION_DENIED', message: 'revoked' } : undefined,
    identify(node, peer) {
      const decision = decideGroup(config, node, peer, { trustDomain: 'example.org', allowPlaintext: false });
      if ('group' in decision) return { key: decision.group };
      return { code: 'PERMISSION_DENIED', message: decision.refused };
    },
  });
  const [own, key, clientCa] = [certificate, privateKey, ca].map((pem) => Buffer.from(pem));
  if (own === undefined || key === undefined || clientCa === undefined) throw new Error('three PEMs');
  const { port } = await server.listen('127.0.0.1', 0, { certificate: own, privateKey: key, clientCa });
  report({ done: 'start', port });
}

process.on('message', (command: ServerCommand) => {
  if (command.do === 'start') return void start(command);
  const cpu = process.cpuUsage();
  globalThis.gc?.();
  const streams = server?.streams().length ?? 0;
  report({ done: 'usage', cpuUs: cpu.user + cpu.system, rss: process.memoryUsage.rss(), streams });
});
process.on('disconnect', () => process.exit(0));
