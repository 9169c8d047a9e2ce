import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { ensurePart } from '../../scripts/parts.mjs';
import { freePort } from './ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from './process.ts';
import { until } from './until.ts';

/** A running moto: EC2 and STS on one loopback port. Whoever starts one stops it. */
export interface Moto {
  readonly url: string;
  /** Everything as after the start. */
  reset(): Promise<void>;
  /** From the next `calls` + 1 on, credentials are checked. */
  checkCredentialsAfter(calls: number): Promise<void>;
  stop(): Promise<void>;
}

/** A kept connection would look like one that a source left open. */
const CLOSE = { connection: 'close' };

export async function startMoto(): Promise<Moto> {
  const binary = await ensurePart('moto');
  const port = await freePort();
  const child = spawn(binary, ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONPATH: dirname(dirname(binary)), MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' },
  });
  endWithUs(child);
  const log = collectLog(child);
  const url = `http://127.0.0.1:${port}`;
  const post = async (path: string, body = ''): Promise<void> => {
    const { ok, status } = await fetch(`${url}${path}`, { method: 'POST', body, headers: CLOSE });
    if (!ok) throw new Error(`POST ${path} on moto answered ${status}`);
  };
  const hopeless = (): Error | undefined =>
    hasExited(child) ? new Error(`moto ended:\n${tail(log())}`) : undefined;
  await until('moto to answer', async () => (await fetch(`${url}/moto-api/`, { headers: CLOSE })).ok, {
    timeoutMs: 30_000,
    everyMs: 50,
    hopeless,
  });
  return {
    url,
    reset: () => post('/moto-api/reset'),
    checkCredentialsAfter: (calls) => post('/moto-api/reset-auth', String(calls)),
    stop: () => endChild(child),
  };
}
