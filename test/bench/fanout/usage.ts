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
