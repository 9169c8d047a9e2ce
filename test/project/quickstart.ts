import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../parts/ports.ts';
import { collectLog, endChild, endWithUs, hasExited, tail } from '../parts/process.ts';
import { until } from '../parts/until.ts';

/** `npm start` as its own process, on a copy of the example with free ports in place of the fixed ones. */
export interface Quickstart {
  readonly directory: string;
  /** The config's one file. */
  readonly file: string;
  /** What stands in for a port of the example: `port(10000)` for the listener, 18000 xDS, 18080 API. */
  port(documented: number): number;
  output(): string;
  exitCode(): number | null;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

const DOCUMENTED = [9000, 9001, 10000, 18000, 18080, 19000] as const;

export async function startQuickstart(): Promise<Quickstart> {
  const directory = await mkdtemp(join(tmpdir(), 'muster-quickstart-'));
  const ports = new Map<number, number>();
  for (const documented of DOCUMENTED) ports.set(documented, await freePort());
  const port = (documented: number): number => ports.get(documented) ?? documented;
  const config = join(directory, 'config');
  const file = join(config, 'quickstart.yaml');
  await cp('examples/quickstart', config, { recursive: true });
  const text = await readFile(file, 'utf8');
  await writeFile(
    file,
    text.replaceAll(/\b(9000|9001|10000)\b/g, (found) => String(port(Number(found)))),
  );
  const flags = ['--config', config, '--state', join(directory, 'state'), '--xds', `${port(18000)}`];
  const more = [
    '--api',
    `${port(18080)}`,
    '--admin',
    `${port(19000)}`,
    '--upstreams',
    `${port(9000)},${port(9001)}`,
  ];
  const child = spawn(process.execPath, ['scripts/start.mjs', ...flags, ...more]);
  endWithUs(child);
  const output = collectLog(child);
  const stop = async (): Promise<void> => {
    await endChild(child, 20_000);
    await rm(directory, { recursive: true, force: true });
  };
  const hopeless = (): Error | undefined =>
    hasExited(child) ? new Error(`npm start ended with ${child.exitCode}:\n${tail(output())}`) : undefined;
  const running = (): boolean => output().includes('muster is running');
  try {
    await until('npm start to say that it runs', running, { timeoutMs: 60_000, hopeless });
  } catch (error) {
    await stop();
    throw error;
  }
  const signal = (name: NodeJS.Signals): boolean => child.kill(name);
  return { directory, file, port, output, exitCode: () => child.exitCode, signal, stop };
}

/** Runs `node scripts/start.mjs` that is expected to end by itself. */
export async function runStart(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['scripts/start.mjs', ...args]);
  endWithUs(child);
  const output = collectLog(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output: output() };
}
