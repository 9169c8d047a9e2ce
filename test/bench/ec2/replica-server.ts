/** `muster serve` in a process of its own, that tells what it costs. Run by ec2.bench.ts. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serve } from '../../../src/serve.ts';
import type { ReplicaCommand, ReplicaReport } from './messages.ts';

const RESOLUTION_MS = 1;
const report = (message: ReplicaReport): void => void process.send?.(message);
const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let mostRss = 0;
setInterval(() => {
  mostRss = Math.max(mostRss, process.memoryUsage.rss());
}, 100);

async function start({ config, state }: { readonly config: string; readonly state: string }): Promise<void> {
  const host = '127.0.0.1';
  const settings = {
    config,
    state,
    xds: { host, port: 0 },
    api: { host, port: 0 },
    logLevel: 'warn',
    allowPlaintext: false,
  } as const;
  const running = await serve(settings, {
    version: 'bench',
    log: { write: (line) => void process.stderr.write(line) },
  });
  const port = Number(running.xdsAddress.slice(running.xdsAddress.lastIndexOf(':') + 1));
  report({ done: 'start', port, api: running.apiAddress });
}

function usage(): void {
  const [main, all] = [process.threadCpuUsage(), process.cpuUsage()];
  report({ done: 'usage', mainUs: main.user + main.system, allUs: all.user + all.system, rss: mostRss });
  mostRss = 0;
}

function watchLoop(watch: boolean): void {
  const late = (percentile: number): number => loop.percentile(percentile) / 1e6 - RESOLUTION_MS;
  report({ done: 'loop', p50Ms: late(50), p99Ms: late(99), maxMs: loop.max / 1e6 - RESOLUTION_MS });
  loop.reset();
  if (watch) loop.enable();
  else loop.disable();
}

process.on('message', (command: ReplicaCommand) => {
  if (command.do === 'start') void start(command);
  if (command.do === 'usage') usage();
  if (command.do === 'loop') watchLoop(command.watch);
});
process.on('disconnect', () => process.exit(0));
