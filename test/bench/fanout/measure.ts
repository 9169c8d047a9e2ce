import { benchChild } from './child.ts';
import type { Canned, Connect, LoadCommand, LoadReport, ServerCommand, ServerReport } from './messages.ts';

export interface Scenario {
  readonly variant: 'sotw' | 'delta';
  readonly services: number;
  readonly nodes: number;
  readonly nodeBytes: number;
  /** How often all nodes connect; the first time warms the code up and is not counted. */
  readonly storms: number;
  readonly pushes: number;
}

export interface Result {
  readonly server: string;
  readonly scenario: Scenario;
  readonly stormMs: number;
  readonly stormCpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly pushCpuUs: number;
  readonly rssKb: number;
  /** The longest that a push held the event loop of the server: the median of a few. */
  readonly loopMs: number;
  /** The median push, in bytes. */
  readonly pushBytes: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs one scenario against one server process, and gives what a bare server needs to say the same. */
export async function measure(
  server: './muster-server.ts' | './bare-server.ts',
  scenario: Scenario,
  canned?: Canned,
): Promise<{ readonly result: Result; readonly canned: Canned }> {
  const host = benchChild<ServerCommand, ServerReport>(server);
  const load = benchChild<LoadCommand, LoadReport>('./load.ts');
  try {
    const start = {
      do: 'start',
      services: scenario.services,
      ...(canned === undefined ? {} : { canned }),
    } as const;
    const { port } = await host.ask(start, 'start');
    const connect: Connect = { do: 'connect', port, ...scenario };
    const empty = await host.ask({ do: 'usage', collect: true }, 'usage');
    const storms = await runStorms(host, load, connect, scenario.storms);
    const pushes = await runPushes(host, load, scenario.pushes);
    const loopMs = await runWatched(host, load);
    const full = await host.ask({ do: 'usage', collect: true }, 'usage');
    const record = await load.ask({ do: 'record' }, 'record');
    const result: Result = {
      server: server.slice(2, -'-server.ts'.length),
      scenario,
      stormMs: median(storms.map(({ ms }) => ms)),
      stormCpuUs: median(storms.map(({ cpuUs }) => cpuUs)) / scenario.nodes,
      p50Ms: median(pushes.map(({ p50 }) => p50)),
      p99Ms: median(pushes.map(({ p99 }) => p99)),
      pushCpuUs: median(pushes.map(({ cpuUs }) => cpuUs)) / scenario.nodes,
      rssKb: (full.rss - empty.rss) / 1024 / scenario.nodes,
      loopMs,
      pushBytes: Buffer.byteLength(record.push, 'base64'),
    };
    return { result, canned: { variant: scenario.variant, first: record.first, push: record.push } };
  } finally {
    load.stop();
    host.stop();
  }
}

type Host = ReturnType<typeof benchChild<ServerCommand, ServerReport>>;
type Load = ReturnType<typeof benchChild<LoadCommand, LoadReport>>;

/** All nodes at once, again and again; the last ones stay connected. */
async function runStorms(host: Host, load: Load, connect: Connect, count: number) {
  const storms: { readonly ms: number; readonly cpuUs: number }[] = [];
  for (let round = 0; round < count; round += 1) {
    if (round > 0) await load.ask({ do: 'close' }, 'close');
    await pause(300);
    const before = await host.ask({ do: 'usage', collect: false }, 'usage');
    const { ms } = await load.ask(connect, 'connect');
    await pause(200);
    const after = await host.ask({ do: 'usage', collect: false }, 'usage');
    if (round > 0 || count === 1) storms.push({ ms, cpuUs: after.cpuUs - before.cpuUs });
  }
  return storms;
}

/** Pushes apart from those whose CPU is measured, as the watch costs some. */
async function runWatched(host: Host, load: Load): Promise<number> {
  const worst: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await load.ask({ do: 'round' }, 'armed');
    await host.ask({ do: 'loop', watch: true }, 'loop');
    const arrived = load.wait('round');
    await host.ask({ do: 'push' }, 'push');
    await arrived;
    const { worstMs } = await host.ask({ do: 'loop', watch: false }, 'loop');
    worst.push(worstMs);
  }
  return median(worst);
}

async function runPushes(host: Host, load: Load, count: number) {
  const pushes: { readonly p50: number; readonly p99: number; readonly cpuUs: number }[] = [];
  for (let round = 0; round < count; round += 1) {
    const before = await host.ask({ do: 'usage', collect: false }, 'usage');
    await load.ask({ do: 'round' }, 'armed');
    const arrived = load.wait('round');
    const { at } = await host.ask({ do: 'push' }, 'push');
    const { arrivals } = await arrived;
    // The ACKs of this push belong to it.
    await pause(60);
    const after = await host.ask({ do: 'usage', collect: false }, 'usage');
    const delays = arrivals.map((time) => time - at).sort((a, b) => a - b);
    pushes.push({
      p50: delays[Math.floor(delays.length * 0.5)] ?? Number.NaN,
      p99: delays[Math.floor(delays.length * 0.99)] ?? Number.NaN,
      cpuUs: after.cpuUs - before.cpuUs,
    });
  }
  return pushes;
}
