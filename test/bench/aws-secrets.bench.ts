/** 1,000 secrets of AWS Secrets Manager: what it costs to keep them fresh, and how late a new version is. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { SecretConfig } from '../../src/model/config.ts';
import { awsSecretsManagerStore } from '../../src/secrets/aws-secrets-manager/index.ts';
import { valueRef } from '../../src/secrets/aws-secrets-manager/refs.ts';
import { createSecretRefresher } from '../../src/secrets/refresh.ts';
import { until } from '../parts/until.ts';
import type { EndpointCommand, EndpointReport } from './aws-secrets/messages.ts';
import { benchChild } from './fanout/child.ts';

const SECRETS = 1_000;
const INTERVAL_MS = 60_000;
/** Two whole intervals. */
const MEASURED_MS = 2 * INTERVAL_MS;
const ROTATIONS = 50;

Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIABENCH', AWS_SECRET_ACCESS_KEY: 'bench' });
const aws = benchChild<EndpointCommand, EndpointReport>('../aws-secrets/endpoint-server.ts');
const end = new AbortController();
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const countOf = (calls: Readonly<Record<string, number>>): number =>
  Object.values(calls).reduce((sum, count) => sum + count, 0);

try {
  const { port } = await aws.ask({ do: 'start', secrets: SECRETS }, 'start');
  const options = awsSecretsManagerStore.schema.parse({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    interval: `${INTERVAL_MS}ms`,
  });
  const store = awsSecretsManagerStore.create(options, { name: 'aws', baseDir: '.' });
  const served = new Set<string>();
  const rotated = new Map<string, number>();
  const delays: number[] = [];
  const refresher = createSecretRefresher({
    onSecret: (name) => {
      served.add(name);
      const at = rotated.get(name);
      rotated.delete(name);
      if (at !== undefined) delays.push(performance.now() - at);
    },
    onProblem: (name, problem) => {
      if (problem !== undefined) console.log(`${name}: ${problem.message}`);
    },
    signal: end.signal,
  });
  const secrets = Array.from(
    { length: SECRETS },
    (_, at): SecretConfig => ({
      name: `s${at}`,
      kind: 'value',
      store: 'aws',
      ref: valueRef.parse({ name: `s${at}` }),
      origin: { object: `secrets/s${at}` },
    }),
  );
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const began = performance.now();
  refresher.update(secrets, new Map([['aws', store]]));
  await until('all secrets', () => served.size === SECRETS, { timeoutMs: 60_000 });
  const startMs = performance.now() - began;
  const startCpu = process.cpuUsage();
  const startWorst = loop.max / 1e6 - 1;
  const atStart = (await aws.ask({ do: 'calls' }, 'calls')).calls;
  // The watch itself costs CPU.
  loop.disable();

  for (let at = 0; at < ROTATIONS; at += 1) {
    const secret = Math.floor((at * SECRETS) / ROTATIONS);
    await aws.ask({ do: 'rotate', secret }, 'rotate');
    rotated.set(`s${secret}`, performance.now());
    await wait((MEASURED_MS - INTERVAL_MS - 2_000) / ROTATIONS);
  }
  // Looked at now and then: a poll each moment would be part of what is measured.
  const every = { timeoutMs: INTERVAL_MS + 5_000, everyMs: 1_000 };
  await until('every rotation', () => rotated.size === 0, every);
  await wait(Math.max(0, began + startMs + MEASURED_MS - performance.now()));
  const seconds = (performance.now() - began - startMs) / 1000;
  const cpu = process.cpuUsage(startCpu);
  const { calls } = await aws.ask({ do: 'calls' }, 'calls');
  loop.reset();
  loop.enable();
  await wait(INTERVAL_MS);
  loop.disable();
  const share = (cpu.user + cpu.system) / 1e6 / seconds;
  const perSecond = countOf(calls) / seconds;
  const worst = Math.max(...delays);
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ['calls a second', perSecond.toFixed(2), '< 1', perSecond < 1],
    ['CPU, share of a core', `${(share * 100).toFixed(2)} %`, '< 3 %', share < 0.03],
    [
      'new version to served, the last of all',
      `${(worst / 1000).toFixed(1)} s`,
      '< 60.5 s',
      worst < INTERVAL_MS + 500,
    ],
  ];
  console.log(
    `${SECRETS} secrets, a look each ${INTERVAL_MS / 1000} s, over ${seconds.toFixed(0)} s with ${ROTATIONS} rotations`,
  );
  for (const [what, value, limit, good] of rows)
    console.log(`${what.padEnd(44)} ${value.padStart(9)}   ${limit.padEnd(9)} ${good ? '' : 'MISSED'}`);
  console.log(
    `start: ${startMs.toFixed(0)} ms with ${countOf(atStart)} calls, event loop held ${startWorst.toFixed(0)} ms at most (the SDK is loaded); in an interval later ${(loop.max / 1e6 - 1).toFixed(0)} ms`,
  );
  console.log(`calls: ${JSON.stringify(calls)}`);
  if (rows.some(([, , , good]) => !good)) process.exitCode = 1;
  end.abort();
  await store.close?.();
} finally {
  end.abort();
  aws.stop();
}
