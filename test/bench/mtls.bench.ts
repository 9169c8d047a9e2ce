/** A thousand nodes connect over mTLS, each anew and with a certificate of its own. `--json` prints JSON. */
import { until } from '../parts/until.ts';
import { benchChild } from './fanout/child.ts';
import { median } from './fanout/measure.ts';
import type { LoadCommand, LoadReport, ServerCommand, ServerReport } from './mtls/messages.ts';

const NODES = process.argv.includes('--quick') ? 200 : 1000;
const ROUNDS = process.argv.includes('--quick') ? 2 : 5;
/** What the issue asks for. */
const TARGET = { perCpuSecond: 350, kbPerStream: 150 };

const server = benchChild<ServerCommand, ServerReport>('../mtls/mtls-server.ts');
const load = benchChild<LoadCommand, LoadReport>('../mtls/load.ts');

/** Once the server has as many streams as that. */
async function settled(streams: number) {
  return until(`${streams} streams`, async () => {
    const usage = await server.ask({ do: 'usage' }, 'usage');
    return usage.streams === streams && usage;
  });
}

const made = await load.ask({ do: 'make', nodes: NODES }, 'make');
const { certificate, privateKey, ca } = made;
const { port } = await server.ask({ do: 'start', certificate, privateKey, ca }, 'start');
const rounds: { readonly cpuUs: number; readonly ms: number; readonly kb: number }[] = [];
const empty = await settled(0);
for (let round = 0; round < ROUNDS; round += 1) {
  const before = await settled(0);
  const { ms } = await load.ask({ do: 'connect', port }, 'connect');
  const after = await settled(NODES);
  rounds.push({ cpuUs: after.cpuUs - before.cpuUs, ms, kb: (after.rss - empty.rss) / 1024 / NODES });
  if (round < ROUNDS - 1) await load.ask({ do: 'close' }, 'close');
}
load.stop();
server.stop();

// The first round warms the code up; its memory counts, as it is that of a fresh process.
const counted = rounds.slice(1);
const cpuUs = median(counted.map((round) => round.cpuUs)) / NODES;
const result = {
  nodes: NODES,
  perCpuSecond: Math.round(1e6 / cpuUs),
  cpuUsPerConnect: Math.round(cpuUs),
  wallMs: Math.round(median(counted.map((round) => round.ms))),
  kbPerStream: Math.round(median(counted.map((round) => round.kb))),
  kbPerStreamFirst: Math.round(rounds[0]?.kb ?? Number.NaN),
};

if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else {
  console.log(`${NODES} fresh mTLS connects, one ADS stream each`);
  console.log(
    `  ${result.perCpuSecond} per second of server CPU (${result.cpuUsPerConnect} us each; target ${TARGET.perCpuSecond})`,
  );
  console.log(
    `  ${result.kbPerStream} kB of memory per stream (target below ${TARGET.kbPerStream}; in a fresh process ${result.kbPerStreamFirst})`,
  );
  console.log(`  ${result.wallMs} ms for all, the load generator on the same machine`);
}
if (result.perCpuSecond < TARGET.perCpuSecond || result.kbPerStream >= TARGET.kbPerStream)
  process.exitCode = 1;
