import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePart } from '../../scripts/parts.mjs';
import { errorText } from '../../src/errors.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from './process.ts';
import { until } from './until.ts';

export interface EnvoyOptions {
  /** The bootstrap as plain JSON, or the path of a file. Its `admin` is replaced by a free loopback port. */
  readonly bootstrap: object | string;
  readonly concurrency?: number;
  readonly logLevel?: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

export interface EnvoyAdmin {
  readonly port: number;
  /** The body; throws unless the answer is 200. */
  get(path: string): Promise<string>;
  post(path: string): Promise<string>;
  /** One counter or gauge by its full name; undefined while Envoy does not have it. */
  stat(name: string): Promise<number | undefined>;
}

/** A running Envoy. Whoever starts one stops it. */
export interface Envoy {
  readonly pid: number;
  readonly admin: EnvoyAdmin;
  /** Resolves when /ready answers 200, which is after the first configuration came. */
  ready(timeoutMs?: number): Promise<void>;
  /** SIGTERM, SIGKILL after 5 s; resolves when the process is gone. */
  stop(): Promise<void>;
  /** Everything it wrote so far. */
  log(): string;
}

const ADMIN = JSON.stringify({
  admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
});

/** Starts a real Envoy and resolves once its admin port answers; call `ready()` to wait for configuration. */
export async function startEnvoy(options: EnvoyOptions): Promise<Envoy> {
  const binary = await ensurePart('envoy');
  const dir = await mkdtemp(join(tmpdir(), 'muster-envoy-'));
  const addressFile = join(dir, 'admin');
  const child = spawn(binary, await argumentsFor(options, dir, addressFile), {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithUs(child);
  const log = collectLog(child);
  const stop = async (): Promise<void> => {
    await endChild(child);
    await rm(dir, { recursive: true, force: true });
  };
  const waitFor = async (what: string, probe: () => Promise<string>, timeoutMs = 15_000): Promise<string> => {
    const hopeless = (): Error | undefined =>
      hasExited(child) ? new Error(`Envoy ended (${child.exitCode ?? child.signalCode})`) : undefined;
    const probed = async (): Promise<string | undefined> => (await probe()) || undefined;
    return until(what, probed, { timeoutMs, hopeless }).catch((error: unknown) => {
      throw new Error(`${errorText(error)}; its log ends with\n${tail(log())}`, { cause: error });
    });
  };
  try {
    const address = await waitFor('the admin address of Envoy', () => readFile(addressFile, 'utf8'));
    const admin = adminClient(Number(address.slice(address.lastIndexOf(':') + 1)));
    await waitFor('the admin port of Envoy', () => admin.get('/server_info'));
    const ready = async (timeoutMs = 15_000): Promise<void> => {
      await waitFor('Envoy to be ready', () => admin.get('/ready'), timeoutMs);
    };
    return { pid: child.pid ?? -1, admin, ready, stop, log };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Checks a bootstrap offline with `--mode validate`; throws with the log's tail when Envoy refuses it. */
export async function validateWithEnvoy(bootstrap: object): Promise<void> {
  const binary = await ensurePart('envoy');
  const child = spawn(
    binary,
    ['--mode', 'validate', '-l', 'warn', '--config-yaml', JSON.stringify(bootstrap)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  endWithUs(child);
  const log = collectLog(child);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`Envoy refuses this (${code}):\n${tail(log())}`);
}

async function argumentsFor(options: EnvoyOptions, dir: string, addressFile: string): Promise<string[]> {
  let path = options.bootstrap;
  if (typeof path !== 'string') {
    path = join(dir, 'bootstrap.json');
    await writeFile(path, JSON.stringify(options.bootstrap));
  }
  return [
    ...['-c', path, '--config-yaml', ADMIN, '--admin-address-path', addressFile, '--disable-hot-restart'],
    ...['--concurrency', String(options.concurrency ?? 1), '-l', options.logLevel ?? 'warn'],
    ...['--drain-time-s', '2', '--parent-shutdown-time-s', '3'],
  ];
}

function adminClient(port: number): EnvoyAdmin {
  const call = async (method: 'GET' | 'POST', path: string): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      signal: AbortSignal.timeout(5_000),
    });
    const body = await response.text();
    if (!response.ok)
      throw new Error(`${method} ${path} on Envoy's admin port answered ${response.status}: ${body}`);
    return body;
  };
  const stat = async (name: string): Promise<number | undefined> => {
    const pattern = `^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`;
    const text = await call('GET', `/stats?filter=${encodeURIComponent(pattern)}`);
    const value = text.split('\n').find((line) => line.startsWith(`${name}: `));
    return value === undefined ? undefined : Number(value.slice(name.length + 2));
  };
  return { port, get: (path) => call('GET', path), post: (path) => call('POST', path), stat };
}
