import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { envoyBootstrap } from '../../../src/cli/envoy/bootstrap.ts';
import { VOCABULARY } from '../../../src/offline/vocabulary.ts';
import { openNodeAccess } from '../../../src/serve/node-access.ts';
import { Replica } from '../../../src/serve/replica.ts';
import { readStartConfig } from '../../../src/serve/start-config.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { type Envoy, startEnvoy } from '../../parts/envoy.ts';
import { freePort } from '../../parts/ports.ts';

/** When what happened, in milliseconds of `performance.now()`. */
export interface Marks {
  /** The snapshot is in the cache. */
  readonly built: number;
  readonly acked: number;
}

/** A replica in this process on a folder of its own, and one real Envoy that runs what it says. */
export interface Running {
  readonly config: string;
  readonly replica: Replica;
  readonly envoy: Envoy;
  /** Puts the file in place by rename; resolves once Envoy has ACKed the routes that followed. */
  edit(name: string, text: string): Promise<Marks>;
  stop(): Promise<void>;
}

export async function startRunning(files: Readonly<Record<string, string>>): Promise<Running> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-bench-'));
  const config = join(dir, 'config');
  await mkdir(config);
  for (const [name, text] of Object.entries(files)) await writeFile(join(config, name), text);
  let built = 0;
  const logger = pino({ level: 'info' }, { write: () => undefined });
  const replica = new Replica({
    configPath: config,
    stateDir: join(dir, 'state'),
    sealKey: undefined,
    trustDomain: undefined,
    allowPlaintext: false,
    proto: loadRegistry(),
    access: await openNodeAccess({}, logger),
    logger,
  });
  const stored = await replica.state.load();
  const start = await readStartConfig(config, VOCABULARY, stored.config);
  replica.adopt(start, stored, { secrets: new Map(), problems: [] });
  const { port } = await replica.server.listen('127.0.0.1', 0, undefined);
  replica.cache.watch('edge', () => {
    built = performance.now();
  });
  const acks = routesAcked(replica);
  await replica.start();
  const envoy = await startEnvoy({ bootstrap: bootstrapFor(port, await freePort()) });
  await envoy.ready(60_000);
  const edit = async (name: string, text: string): Promise<Marks> => {
    const draft = join(dir, `draft-${name}`);
    await writeFile(draft, text);
    const acked = acks.next();
    await rename(draft, join(config, name));
    const at = await acked;
    return { built, acked: at };
  };
  const stop = async (): Promise<void> => {
    await envoy.stop();
    await replica.close();
    await rm(dir, { recursive: true, force: true });
  };
  return { config, replica, envoy, edit, stop };
}

/** The registry is told of every ACK: nobody has to ask again and again. */
function routesAcked({ nodes }: Replica): { next(): Promise<number> } {
  let waiting = Promise.withResolvers<number>();
  const ack = nodes.ack.bind(nodes);
  nodes.ack = (stream, typeUrl) => {
    ack(stream, typeUrl);
    if (typeUrl === TYPE_URL.route) waiting.resolve(performance.now());
  };
  return {
    next: () => {
      waiting = Promise.withResolvers<number>();
      return waiting.promise;
    },
  };
}

function bootstrapFor(xds: number, admin: number): object {
  return envoyBootstrap({
    id: 'bench',
    cluster: 'edge',
    locality: {},
    xds: [{ host: '127.0.0.1', port: xds }],
    admin: { host: '127.0.0.1', port: admin },
    tls: undefined,
    maxConnections: 1000,
  });
}
