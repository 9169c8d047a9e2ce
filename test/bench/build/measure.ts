import { performance } from 'node:perf_hooks';

export interface Sample {
  readonly wallMs: number;
  /** Of all threads of this process: a loaded machine lengthens `wallMs`, hardly this. */
  readonly cpuMs: number;
}

export function measure(run: () => void): Sample {
  const cpu = process.cpuUsage();
  const started = performance.now();
  run();
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  return { wallMs, cpuMs: (user + system) / 1000 };
}

export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)] ?? Number.NaN;
}

/** How often the machine took the core away from this process so far. */
export function interruptions(): number {
  return process.resourceUsage().involuntaryContextSwitches;
}
