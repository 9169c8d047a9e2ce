/** One change to a thousand nodes, beside the same bytes over bare node:http2. `--json` prints the results as JSON. */
import { cpus, totalmem } from 'node:os';
import { measure, type Result, type Scenario } from './fanout/measure.ts';

const BASE = { nodes: 1000, nodeBytes: 0, storms: 4, pushes: 21 } as const;
const quick = process.argv.includes('--quick');

/** As many pushes in all as to a thousand nodes: with fewer, cold code is what is measured. */
const FEW_NODES = { ...BASE, nodes: 100, pushes: 101 } as const;

const SCENARIOS: readonly Scenario[] = quick
  ? [{ ...BASE, variant: 'delta', services: 100 }]
  : [
      { ...BASE, variant: 'delta', services: 100 },
      { ...BASE, variant: 'sotw', services: 100 },
      { ...FEW_NODES, variant: 'delta', services: 100 },
      { ...FEW_NODES, variant: 'delta', services: 1000 },
      { ...FEW_NODES, variant: 'delta', services: 5000, storms: 2 },
      { ...FEW_NODES, variant: 'sotw', services: 1000 },
      { ...FEW_NODES, variant: 'sotw', services: 5000, storms: 2, pushes: 21 },
      { ...BASE, variant: 'delta', services: 100, nodeBytes: 61_000, storms: 2 },
    ];

const fixed = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

function row(result: Result): readonly string[] {
  const { scenario } = result;
  return [
    result.server,
    scenario.variant,
    String(scenario.services),
    String(scenario.nodes),
    String(scenario.nodeBytes),
    fixed(result.p50Ms),
    fixed(result.p99Ms),
    fixed(result.pushCpuUs),
    fixed(result.stormMs),
    fixed(result.stormCpuUs),
    fixed(result.rssKb),
    fixed(result.loopMs),
    String(result.pushBytes),
  ];
}

const HEADER = [
  ...['server', 'variant', 'services', 'nodes', 'node B'],
  ...['p50 ms', 'p99 ms', 'us/push', 'storm ms', 'us/conn', 'kB/node', 'loop ms', 'push B'],
];

function table(rows: readonly (readonly string[])[]): string {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows.map((cells) => cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ')).join('\n');
}

const results: Result[] = [];
const ratios: string[] = [];
for (const scenario of SCENARIOS) {
  const muster = await measure('./muster-server.ts', scenario);
  const bare = await measure('./bare-server.ts', scenario, muster.canned);
  results.push(muster.result, bare.result);
  const of = (figure: 'pushCpuUs' | 'stormCpuUs'): string =>
    (muster.result[figure] / bare.result[figure]).toFixed(2);
  const name = `${scenario.variant}, ${scenario.services} services, ${scenario.nodes} nodes`;
  ratios.push(`${name}: push ${of('pushCpuUs')}, connecting ${of('stormCpuUs')}`);
}

if (process.argv.includes('--json')) {
  console.log(JSON.stringify(results));
} else {
  const [cpu] = cpus();
  console.log(
    `fan-out: one endpoint changed; ${cpus().length} x ${cpu?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Node ${process.version}; medians`,
  );
  console.log(table([HEADER, ...results.map(row)]));
  console.log(`server CPU, muster : bare node:http2\n  ${ratios.join('\n  ')}`);
}
