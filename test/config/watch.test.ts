import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type WatchOptions, watchConfig } from '../../src/config/watch.ts';
import { VOCABULARY } from './vocabulary.ts';

let root = '';
let stop = new AbortController();
let running: Promise<void> | undefined;
let ports: number[] = [];
let faults: string[][] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-watch-'));
  stop = new AbortController();
  ports = [];
  faults = [];
});

afterEach(async () => {
  stop.abort();
  await running;
  await rm(root, { recursive: true });
});

const listener = (port: number) => `listeners: { web: { port: ${port} } }\n`;

function start(path: string, more: Partial<WatchOptions> = {}): void {
  running = watchConfig({
    path,
    vocabulary: VOCABULARY,
    signal: stop.signal,
    onConfig: (config) => ports.push(config.listeners.get('web')?.port ?? 0),
    onProblems: (problems) => faults.push(problems.map((problem) => problem.message)),
    ...more,
  });
}

const sees = (port: number) =>
  vi.waitFor(() => expect(ports.at(-1)).toBe(port), { timeout: 5000, interval: 5 });

it('sees writes, atomic renames, a save in the way of vim, and a file deleted and made again', async () => {
  const file = join(root, 'a.yaml');
  await writeFile(file, listener(1));
  start(root);
  await sees(1);
  await writeFile(file, listener(2));
  await sees(2);
  await writeFile(join(root, '.a.yaml.tmp'), listener(3));
  await rename(join(root, '.a.yaml.tmp'), file);
  await sees(3);
  await writeFile(join(root, '.a.yaml.swp'), 'b0VIM \0');
  await rename(file, `${file}~`);
  await writeFile(file, listener(4));
  await rm(`${file}~`);
  await sees(4);
  await rm(file);
  await vi.waitFor(() => expect(faults.length).toBeGreaterThan(0), { timeout: 5000 });
  await writeFile(file, listener(5));
  await sees(5);
});

it('sees a symlink swap as Kubernetes does it', async () => {
  for (const [name, port] of [
    ['v1', 1],
    ['v2', 2],
  ] as const) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'a.yaml'), listener(port));
  }
  const folder = join(root, 'mount');
  await mkdir(folder);
  await symlink('../v1', join(folder, '..data'));
  await symlink('..data/a.yaml', join(folder, 'a.yaml'));
  start(folder);
  await sees(1);
  await symlink('../v2', join(folder, '..new'));
  await rename(join(folder, '..new'), join(folder, '..data'));
  await sees(2);
});

it('follows a single file through atomic renames', async () => {
  const file = join(root, 'one.yaml');
  await writeFile(file, listener(1));
  start(file);
  await sees(1);
  for (const port of [2, 3]) {
    await writeFile(`${file}.new`, listener(port));
    await rename(`${file}.new`, file);
    await sees(port);
  }
});

it('reports a bad edit once, keeps the running config, and takes the next good one', async () => {
  const file = join(root, 'a.yaml');
  await writeFile(file, listener(1));
  start(root, { rereadMs: 20 });
  await sees(1);
  await writeFile(file, listener(70_000));
  await vi.waitFor(() => expect(faults).toHaveLength(1), { timeout: 5000 });
  expect(ports).toEqual([1]);
  await writeFile(file, listener(2));
  await sees(2);
  expect(faults).toEqual([['expected a port from 1 to 65535']]);
});

it('reads again on its own when no watcher tells it, and waits for a directory that is missing', async () => {
  const folder = join(root, 'later');
  start(folder, { useWatcher: false, rereadMs: 20 });
  await vi.waitFor(() => expect(faults).toHaveLength(1), { timeout: 5000 });
  await mkdir(folder);
  await writeFile(join(folder, 'a.yaml'), listener(1));
  await sees(1);
  await writeFile(join(folder, 'a.yaml'), listener(2));
  await sees(2);
});
