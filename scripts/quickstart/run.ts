import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, relative } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { promisify } from 'node:util';
import { SERVE_FLAGS } from '../../bin/serve-flags.mjs';
import { ensurePart, PartError } from '../parts.mjs';
import { root } from '../setup.mjs';
import { type Child, startChild } from './children.ts';
import { QuickstartError, type QuickstartOptions, readOptions, USAGE } from './options.ts';
import { checkPorts } from './ports.ts';

/** Runs muster, one Envoy and two upstreams until a signal; gives the exit code. */
export async function runQuickstart(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(USAGE);
    return 0;
  }
  const stop = stopSignal();
  const running: { stop(): Promise<void> }[] = [];
  try {
    const options = readOptions(args);
    const envoy = await ensurePart('envoy');
    await checkPorts(options);
    const children = await startAll({ options, envoy, running, stop });
    sayWhatToTry(options);
    return await untilEnd(children, stop);
  } catch (error) {
    if (stop.aborted) return 0;
    if (!(error instanceof QuickstartError || error instanceof PartError)) throw error;
    console.error(error.message);
    return 1;
  } finally {
    for (const one of running.toReversed()) await one.stop();
  }
}

interface Start {
  readonly options: QuickstartOptions;
  readonly envoy: string;
  /** Whatever runs is added here at once, so that it is stopped however the start ends. */
  readonly running: { stop(): Promise<void> }[];
  readonly stop: AbortSignal;
}

async function startAll({ options, envoy, running, stop }: Start): Promise<Child[]> {
  await mkdir(options.state, { recursive: true });
  for (const port of options.upstreams) running.push(await startUpstream(port));
  const keep = (child: Child): Child => {
    running.push(child);
    return child;
  };
  const state = join(options.state, 'state');
  const ports = ['--xds', address(options.xds), '--api', address(options.api)];
  const muster = keep(
    startChild({
      name: 'muster',
      command: process.execPath,
      args: [...SERVE_FLAGS, MAIN, 'serve', '--config', options.config, '--state', state, ...ports],
      logFile: join(options.state, 'muster.log'),
    }),
  );
  await answers(`http://${address(options.api)}/healthz`, muster, stop);
  const bootstrap = join(options.state, 'bootstrap.yaml');
  await writeFile(bootstrap, await bootstrapFor(options));
  stop.throwIfAborted();
  const proxy = keep(
    startChild({
      name: 'envoy',
      command: envoy,
      args: ['-c', bootstrap, '--disable-hot-restart', '--concurrency', '1', '-l', 'warn'],
      logFile: join(options.state, 'envoy.log'),
    }),
  );
  await answers(`http://${address(options.admin)}/ready`, proxy, stop);
  return [muster, proxy];
}

const ANSWER_WITHIN_MS = 30_000;
const MAIN = join(root, 'src', 'main.ts');

function address(port: number): string {
  return `127.0.0.1:${port}`;
}

async function bootstrapFor(options: QuickstartOptions): Promise<string> {
  const args = ['bootstrap', '--group', 'edge', '--node-id', 'quickstart'];
  const ports = ['--xds', address(options.xds), '--admin', address(options.admin)];
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args, ...ports]);
  return stdout;
}

async function startUpstream(port: number): Promise<{ stop(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(`hello from the upstream on port ${port}: ${request.method} ${request.url}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { stop };
}

/** Polls until the address answers 200; the end of the process it belongs to ends the wait. */
async function answers(url: string, child: Child, stop: AbortSignal): Promise<void> {
  let over: string | undefined;
  void child.ended.then((words) => {
    over = words;
  });
  const end = Date.now() + ANSWER_WITHIN_MS;
  while (over === undefined) {
    stop.throwIfAborted();
    if (await isUp(url)) return;
    if (Date.now() > end)
      throw new QuickstartError(`${child.name} does not answer on ${url}; see its output above`);
    await after(50);
  }
  throw new QuickstartError(over);
}

async function isUp(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    // Nothing listens there yet: the caller asks again.
    return false;
  }
}

/** Ends when a signal asks for it (0), or when a child ends by itself (1). */
async function untilEnd(children: readonly Child[], stop: AbortSignal): Promise<number> {
  const asked = once(stop, 'abort');
  const words = await Promise.race([...children.map((child) => child.ended), asked.then(() => undefined)]);
  // A terminal's Ctrl-C reaches the children too, and may reach them first.
  if (words !== undefined) await Promise.race([asked, after(500)]);
  if (stop.aborted || words === undefined) return 0;
  console.error(words);
  return 1;
}

/** Aborts at the first signal; later ones change nothing, the stop is under way. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => controller.abort());
  // npm dies of a SIGTERM without handing it on: whoever started us being gone means the same.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) controller.abort();
  }, 500).unref();
  return controller.signal;
}

function sayWhatToTry(options: QuickstartOptions): void {
  const proxy = options.listeners[0]?.port ?? 10_000;
  const config = relative(process.cwd(), options.config) || '.';
  const lines: readonly (readonly [string, string])[] = [
    [`curl 127.0.0.1:${proxy}`, 'through Envoy to the two upstreams, in turn'],
    [`edit ${config}/quickstart.yaml`, 'remove an endpoint, curl again: the traffic has changed'],
    [`curl 127.0.0.1:${options.api}/v1/status`, 'what muster thinks of it'],
  ];
  const width = Math.max(...lines.map(([command]) => command.length));
  const table = lines.map(([command, why]) => `  ${command.padEnd(width)}   ${why}`).join('\n');
  console.log(`\nmuster is running. Try, in another terminal:\n\n${table}\n\nCtrl-C stops everything.\n`);
}
