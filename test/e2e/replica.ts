import { spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { nodesView, type StatusView, snapshotView, statusView } from '../../src/api/views.ts';
import type { Settings } from '../../src/config/settings.ts';
import { serve } from '../../src/serve.ts';
import { freePort } from '../parts/ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from '../parts/process.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import type { Workspace } from './workspace.ts';

type NodesView = z.output<typeof nodesView>;
type SnapshotView = z.output<typeof snapshotView>;

/** A running replica of either kind; it ends with the test. */
export interface TestReplica {
  readonly xdsPort: number;
  readonly api: string;
  /** Everything it logged so far. */
  log(): string;
  status(): Promise<StatusView>;
  nodes(): Promise<NodesView>;
  snapshot(group: string): Promise<SnapshotView>;
  metrics(): Promise<string>;
  stop(): Promise<void>;
}

export interface ReplicaChild extends TestReplica {
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface ReplicaOptions {
  readonly xdsPort?: number;
  readonly settings?: Partial<Settings>;
}

/** A replica inside the test's own process. */
export async function startReplica(
  { config, state }: Pick<Workspace, 'config' | 'state'>,
  { xdsPort = 0, settings }: ReplicaOptions = {},
): Promise<TestReplica> {
  let log = '';
  const write = (line: string): void => {
    log += line;
  };
  const own: Settings = {
    config,
    state,
    xds: { host: '127.0.0.1', port: xdsPort },
    api: { host: '127.0.0.1', port: 0 },
    logLevel: 'debug',
    allowPlaintext: false,
    ...settings,
  };
  const running = await serve(own, { version: 'test', log: { write } });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= running.close();
    return stopped;
  };
  onTestFinished(stop);
  const port = Number(running.xdsAddress.slice(running.xdsAddress.lastIndexOf(':') + 1));
  return { xdsPort: port, ...clientOf(running.apiAddress), log: () => log, stop };
}

/** `muster serve` as a process of its own, for crashes, CPU and exit codes. */
export async function startReplicaChild(
  { config, state }: Pick<Workspace, 'config' | 'state'>,
  { xdsPort, flags = [] }: Pick<ReplicaOptions, 'xdsPort'> & { readonly flags?: readonly string[] } = {},
): Promise<ReplicaChild> {
  const ports = { xds: xdsPort ?? (await freePort()), api: await freePort() };
  const child = spawnServe([...serveFlags({ config, state, ...ports }), ...flags]);
  const log = collectLog(child);
  onTestFinished(() => endChild(child));
  const client = clientOf(`http://127.0.0.1:${ports.api}`);
  const hopeless = (): Error | undefined =>
    hasExited(child) ? new Error(`muster ended with ${child.exitCode}:\n${tail(log())}`) : undefined;
  await until('muster to serve', () => log().includes('muster serves') || undefined, {
    timeoutMs: 20_000,
    hopeless,
  }).catch((error: unknown) => {
    throw new Error(`muster did not come up:\n${tail(log())}`, { cause: error });
  });
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  return { xdsPort: ports.xds, ...client, log, pid: child.pid ?? -1, kill, stop: () => endChild(child) };
}

/** `muster serve` that is expected to end by itself. */
export async function runServe(
  flags: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawnServe(flags);
  const output = collectLog(child);
  onTestFinished(() => endChild(child));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output: output() };
}

export interface ServeAddresses {
  readonly config: string;
  readonly state?: string | undefined;
  readonly xds: number;
  readonly api: number;
}

export function serveFlags({ config, state, xds, api }: ServeAddresses): readonly string[] {
  return [
    ...['--config', config, '--xds', `127.0.0.1:${xds}`, '--api', `127.0.0.1:${api}`],
    ...(state === undefined ? [] : ['--state', state]),
  ];
}

function spawnServe(flags: readonly string[]) {
  const child = spawn(process.execPath, ['src/main.ts', 'serve', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  return child;
}

type Client = Pick<TestReplica, 'api' | 'status' | 'nodes' | 'snapshot' | 'metrics'>;

function clientOf(api: string): Client {
  const get = async (path: string): Promise<string> => {
    const { status, body } = await requestOnce({ url: `${api}${path}` });
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${body}`);
    return body;
  };
  return {
    api,
    status: async () => statusView.parse(JSON.parse(await get('/v1/status'))),
    nodes: async () => nodesView.parse(JSON.parse(await get('/v1/nodes'))),
    snapshot: async (group) => snapshotView.parse(JSON.parse(await get(`/v1/groups/${group}/snapshot`))),
    metrics: () => get('/metrics'),
  };
}
