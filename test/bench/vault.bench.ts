/** 1,000 secrets of Vault: what it costs to keep them fresh, how even the reads are, how late a new version is. */
import type { SecretConfig } from '../../src/model/config.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { createSecretRefresher } from '../../src/secrets/refresh.ts';
import { vaultStore } from '../../src/secrets/vault/index.ts';
import { until } from '../parts/until.ts';
import { benchChild } from './fanout/child.ts';
import type { VaultCommand, VaultReport } from './vault/messages.ts';

const SECRETS = 1_000;
const INTERVAL_MS = 60_000;
/** Two whole intervals. */
const MEASURED_MS = 2 * INTERVAL_MS;
const ROTATIONS = 50;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const vault = benchChild<VaultCommand, VaultReport>('../vault/vault-server.ts');
const end = new AbortController();

function configOf(at: number): SecretConfig {
  const ref = { mount: 'secret', path: `s${at}`, field: 'value' };
  return { name: `s${at}`, kind: 'value', store: 'vault', ref, origin: { object: `secrets/s${at}` } };
}

try {
  const { url, token } = await vault.ask({ do: 'start', secrets: SECRETS }, 'start');
  const options = vaultStore.schema.parse({
    address: url,
    auth: { token: { secret: 'token' } },
    interval: `${INTERVAL_MS}ms`,
  });
  const secret = (): SecretBytes => SecretBytes.fromUtf8(token);
  const store = vaultStore.create(options, { name: 'vault', baseDir: '.', secret });
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
  const began = performance.now();
  refresher.update(
    Array.from({ length: SECRETS }, (_, at) => configOf(at)),
    new Map([['vault', store]]),
  );
  await until('all secrets', () => served.size === SECRETS, { timeoutMs: 60_000 });
  const startMs = performance.now() - began;
  await vault.ask({ do: 'calls' }, 'calls');
  const startCpu = process.cpuUsage();
  const measured = performance.now();
  for (let at = 0; at < ROTATIONS; at += 1) {
    const number = Math.floor((at * SECRETS) / ROTATIONS);
    rotated.set(`s${number}`, performance.now());
    await vault.ask({ do: 'rotate', secret: number }, 'rotate');
    await wait((MEASURED_MS - INTERVAL_MS - 2_000) / ROTATIONS);
  }
  // Looked at now and then: a poll each moment would be part of what is measured.
  const every = { timeoutMs: INTERVAL_MS + 5_000, everyMs: 1_000 };
  await until('every rotation', () => rotated.size === 0, every);
  await wait(Math.max(0, measured + MEASURED_MS - performance.now()));
  const seconds = (performance.now() - measured) / 1000;
  const cpu = process.cpuUsage(startCpu);
  const { calls, perSecond } = await vault.ask({ do: 'calls' }, 'calls');
  const share = (cpu.user + cpu.system) / 1e6 / seconds;
  const perSecret = (calls['metadata'] ?? 0) / SECRETS / (seconds / (INTERVAL_MS / 1000));
  const even = SECRETS / (INTERVAL_MS / 1000);
  const most = Math.max(...perSecond);
  const worst = Math.max(...delays);
  const rows: readonly (readonly [string, string, string, boolean])[] = [
    ['metadata reads per secret and interval', perSecret.toFixed(3), '1', Math.abs(perSecret - 1) < 0.02],
    [`calls in the busiest second (evenly: ${even.toFixed(1)})`, String(most), '< 2 x', most < even * 2],
    ['values read', String(calls['data'] ?? 0), String(ROTATIONS), calls['data'] === ROTATIONS],
    ['CPU, share of a core', `${(share * 100).toFixed(2)} %`, '< 3 %', share < 0.03],
    [
      'new version to served, the last of all',
      `${(worst / 1000).toFixed(1)} s`,
      '< 60.5 s',
      worst < INTERVAL_MS + 500,
    ],
  ];
  console.log(
    `${SECRETS} secrets of a real OpenBao, a look each ${INTERVAL_MS / 1000} s, over ${seconds.toFixed(0)} s with ${ROTATIONS} rotations`,
  );
  for (const [what, value, limit, good] of rows)
    console.log(`${what.padEnd(48)} ${value.padStart(9)}   ${limit.padEnd(9)} ${good ? '' : 'MISSED'}`);
  console.log(`start: ${startMs.toFixed(0)} ms until all are served; other calls: ${calls['other'] ?? 0}`);
  if (rows.some(([, , , good]) => !good)) process.exitCode = 1;
  end.abort();
  await store.close?.();
} finally {
  end.abort();
  vault.stop();
}
