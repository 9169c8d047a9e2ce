import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ServerReport } from './messages.ts';

/** CPU time and resident memory of this process; the memory after a collection if asked (needs --expose-gc). */
export function answerUsage(collect: boolean): void {
  const cpu = process.cpuUsage();
  if (collect) globalThis.gc?.();
  const report: ServerReport = {
    done: 'usage',
    cpuUs: cpu.user + cpu.system,
    rss: process.memoryUsage.rss(),
  };
  process.send?.(report);
}

const RESOLUTION_MS = 1;
const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

/** Watches how long the event loop is held, or says the worst since it began; the watch itself costs CPU. */
export function answerLoop(watch: boolean): void {
  const worst = loop.max / 1e6 - RESOLUTION_MS;
  if (watch) loop.reset();
  if (watch) loop.enable();
  else loop.disable();
  process.send?.({ done: 'loop', worstMs: watch ? 0 : worst } satisfies ServerReport);
}
