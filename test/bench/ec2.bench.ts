/** 20,000 instances in EC2: what a refresh costs, and whether 1,000 streams notice it. */
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../parts/until.ts';
import { INSTANCES, PAGE } from './ec2/instances.ts';
import type { EndpointCommand, EndpointReport, ReplicaCommand, ReplicaReport } from './ec2/messages.ts';
import { benchChild } from './fanout/child.ts';
import type { LoadCommand, LoadReport } from './fanout/messages.ts';

const SERVICES = 100;
const NODES = 1_000;
/** Full cycles of refresh and pause that are measured. */
const CYCLES = 3;
const PUSH_EVERY_MS = 500;

const dir = await mkdtemp(join(tmpdir(), 'muster-bench-ec2-'));
const config = join(dir, 'config');
const file = join(dir, 'endpoints.json');
await mkdir(config);
Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'bench' });
const ec2 = benchChild<EndpointCommand, EndpointReport>('../ec2/endpoint-server.ts');
const muster = benchChild<ReplicaCommand, ReplicaReport>('../ec2/replica-server.ts');
const load = benchChild<LoadCommand, LoadReport>('./load.ts');

let written = 0;
async function push(): Promise<void> {
  written += 1;
  const instances = [{ address: `10.200.0.${(written % 250) + 1}`, port: 8080 }];
  await writeFile(`${file}.new`, JSON.stringify({ instances }));
  await rename(`${file}.new`, file);
}

function fleet(endpoint: string): object {
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${index}`);
  const from = (name: string) =>
    name === 'service-0'
      ? { source: 'edits' }
      : { source: 'vms', where: { 'ec2.tag.service': name, 'ec2.tag.shard': '0' } };
  return {
    sources: {
      vms: { ec2: { regions: ['eu-west-1'], endpoint, interval: '5s', port: 8080 } },
      edits: { file: { paths: [file] } },
    },
    services: Object.fromEntries(names.map((name) => [name, { from: [from(name)] }])),
    // The load generator asks for routes of this name.
    listeners: { routes: { port: 10_000 } },
    httpRoutes: Object.fromEntries(
      names.map((name) => [
        name,
        {
          listeners: ['routes'],
          rules: [
            { matches: [{ path: { type: 'PathPrefix', value: `/${name}` } }], backends: [{ service: name }] },
          ],
        },
      ]),
    ),
    groups: { edge: { listeners: ['routes'] } },
  };
}

interface Status {
  readonly sources: readonly {
    readonly name: string;
    readonly scopes: readonly { readonly instances: number }[];
  }[];
  readonly groups: readonly { readonly revision: number }[];
}

async function status(api: string): Promise<Status> {
  return JSON.parse(await (await fetch(`http://${api.replace(/^http:\/\//, '')}/v1/status`)).text());
}

/** Pushes go on until it is called; then gives how late each node had each push. */
function keepPushing(): () => Promise<readonly number[]> {
  let going = true;
  const delays: number[] = [];
  const done = (async () => {
    while (going) {
      await load.ask({ do: 'round' }, 'armed');
      const arrived = load.wait('round');
      const began = Number(process.hrtime.bigint()) / 1e6;
      await push();
      const { arrivals } = await arrived;
      for (const at of arrivals) delays.push(at - began);
      const spent = Number(process.hrtime.bigint()) / 1e6 - began;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, PUSH_EVERY_MS - spent)));
    }
  })();
  return async () => {
    going = false;
    await done;
    return delays.sort((left, right) => left - right);
  };
}

const workerUs = ({ mainUs, allUs }: { readonly mainUs: number; readonly allUs: number }): number =>
  allUs - mainUs;
const seconds = (us: number): string => (us / 1e6).toFixed(2);
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

try {
  await push();
  const endpoint = await ec2.ask({ do: 'start' }, 'start');
  await writeFile(join(config, 'fleet.json'), JSON.stringify(fleet(`http://127.0.0.1:${endpoint.port}`)));
  const { port, api } = await muster.ask({ do: 'start', config, state: join(dir, 'state') }, 'start');
  await until(
    'all instances',
    async () => {
      const { sources } = await status(api);
      return sources.find(({ name }) => name === 'vms')?.scopes[0]?.instances === INSTANCES;
    },
    { timeoutMs: 120_000, everyMs: 500 },
  );
  const first = await muster.ask({ do: 'usage' }, 'usage');

  const before = await status(api);
  await ec2.wait('begin');
  await ec2.wait('begin');
  const unchanged = await status(api);

  await load.ask(
    { do: 'connect', port, nodes: NODES, variant: 'delta', services: SERVICES, nodeBytes: 0 },
    'connect',
  );
  const stop = keepPushing();
  await ec2.wait('begin');
  await muster.ask({ do: 'loop', watch: true }, 'loop');
  let last = await muster.ask({ do: 'usage' }, 'usage');
  const cycles: number[] = [];
  let rss = Math.max(first.rss, last.rss);
  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    // One instance of 20,000 changes each time.
    await ec2.ask({ do: 'change' }, 'change');
    await ec2.wait('begin');
    const now = await muster.ask({ do: 'usage' }, 'usage');
    cycles.push(workerUs(now) - workerUs(last));
    rss = Math.max(rss, now.rss);
    last = now;
  }
  const loop = await muster.ask({ do: 'loop', watch: false }, 'loop');
  const delays = await stop();

  const revision = (of: Status): number => of.groups[0]?.revision ?? -1;
  const kept = revision(before) === revision(unchanged);
  const worst = Math.max(...cycles);
  const perInstance = (endpoint.bytes / INSTANCES / 1000).toFixed(1);
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    [
      'CPU of a refresh outside the main thread, worst of the cycles',
      `${seconds(worst)} s`,
      '< 7 s',
      worst < 7e6,
    ],
    ['memory of the process, most', `${(rss / 1e6).toFixed(0)} MB`, '< 500 MB', rss < 500e6],
    ['event loop of the main thread late, p99', `${loop.p99Ms.toFixed(1)} ms`, '< 20 ms', loop.p99Ms < 20],
    ['rebuilds by unchanged refreshes', kept ? '0' : 'some', '0', kept],
  ];
  console.log(
    `${INSTANCES} instances in ${INSTANCES / PAGE} pages, ${perInstance} kB of XML each; ${NODES} delta streams, ${SERVICES} services, a push to all each ${PUSH_EVERY_MS} ms`,
  );
  for (const [what, value, limit, good] of rows)
    console.log(`${what.padEnd(64)} ${value.padStart(9)}   ${limit.padEnd(9)} ${good ? '' : 'MISSED'}`);
  console.log(
    `first read, with loading the SDK: ${seconds(workerUs(first))} s of CPU outside the main thread`,
  );
  console.log(
    `refreshes: ${cycles.map(seconds).join(', ')} s; event loop p50 ${loop.p50Ms.toFixed(1)}, most ${loop.maxMs.toFixed(1)} ms`,
  );
  console.log(
    `edit of a file to arrival at each of ${NODES} streams: p50 ${at(delays, 0.5).toFixed(0)}, p99 ${at(delays, 0.99).toFixed(0)} ms`,
  );
  if (rows.some(([, , , good]) => !good)) process.exitCode = 1;
} finally {
  load.stop();
  muster.stop();
  ec2.stop();
  await rm(dir, { recursive: true, force: true });
}
