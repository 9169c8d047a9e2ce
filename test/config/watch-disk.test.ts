import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchConfig } from '../../src/config/watch.ts';
import { formatProblem } from '../../src/errors.ts';
import type { Config } from '../../src/model/config.ts';
import { until } from '../parts/until.ts';
import { VOCABULARY } from './vocabulary.ts';

let dir = '';
let end = new AbortController();
let ended: Promise<void> = Promise.resolve();
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-config-'));
  end = new AbortController();
});
afterEach(async () => {
  end.abort();
  await ended;
  await rm(dir, { recursive: true, force: true });
});

interface Followed {
  readonly configs: Config[];
  readonly problems: string[];
  port(): number | undefined;
}

function follow(path: string, rereadMs = 60_000): Followed {
  const configs: Config[] = [];
  const problems: string[] = [];
  ended = watchConfig({
    path,
    vocabulary: VOCABULARY,
    rereadMs,
    signal: end.signal,
    onConfig: (config) => void configs.push(config),
    onProblems: (found) => void problems.push(found.map(formatProblem).join('\n')),
  });
  return { configs, problems, port: () => configs.at(-1)?.listeners.get('web')?.port };
}

function listener(port: number): string {
  return `listeners: { web: { port: ${port} } }\ngroups: { edge: { listeners: [web] } }\n`;
}

async function arrives(followed: Followed, port: number): Promise<void> {
  await until(`port ${port}`, () => followed.port() === port, { timeoutMs: 5_000 });
}

test('a group that would lose every listener is a problem against the config that runs', async () => {
  await writeFile(join(dir, 'a.yaml'), listener(1));
  const followed = follow(dir);
  await arrives(followed, 1);
  await writeFile(join(dir, 'a.yaml'), 'groups: { edge: { listeners: [] } }');
  await until('a problem', () => followed.problems.length > 0);
  expect(followed.problems[0]).toContain('allowEmpty: true');
});

test('files of a directory come and go; hidden and other files do not count', async () => {
  await writeFile(join(dir, 'a.yaml'), listener(1));
  const followed = follow(dir);
  await arrives(followed, 1);
  await writeFile(join(dir, '.b.yaml'), 'not: config');
  await writeFile(join(dir, 'b.yaml~'), 'not: config');
  await writeFile(join(dir, 'b.json'), '{ "services": { "s": { "endpoints": ["127.0.0.1:1"] } } }');
  await until('a service', () => followed.configs.at(-1)?.services.has('s'));
  await rm(join(dir, 'b.json'));
  await until('no service', () => followed.configs.at(-1)?.services.has('s') === false);
  expect(followed.problems).toEqual([]);
});

test('a file that is no YAML is reported once, not its neighbours that name what is in it; the config stays', async () => {
  const services = 'services: { s: { endpoints: ["127.0.0.1:1"] } }\n';
  const route = 'httpRoutes: { r: { listeners: [web], rules: [{ backends: [{ service: s }] }] } }\n';
  await writeFile(join(dir, 'a.yaml'), listener(1) + route);
  await writeFile(join(dir, 'b.yaml'), services);
  const followed = follow(dir, 20);
  await arrives(followed, 1);
  await writeFile(join(dir, 'b.yaml'), 'services: { s: { endpoints: [');
  await until('a problem', () => followed.problems.length > 0);
  await writeFile(join(dir, 'a.yaml'), listener(2) + route);
  await until('the same problem of the next edit', () => followed.problems.length > 1);
  const [first, second] = followed.problems;
  expect(first).toMatch(/b\.yaml:1:\d+: is not valid YAML/);
  expect(first?.split('\n').every((line) => line.includes('b.yaml:'))).toBe(true);
  expect(second).toBe(first);
  expect(followed.configs.map((config) => config.listeners.get('web')?.port)).toEqual([1]);
  await writeFile(join(dir, 'b.yaml'), services);
  await arrives(followed, 2);
  expect(followed.problems).toHaveLength(2);
});

test('a link to the directory itself is swapped', async () => {
  const publish = async (version: string, port: number) => {
    await mkdir(join(dir, version));
    await writeFile(join(dir, version, 'a.yaml'), listener(port));
    await symlink(version, join(dir, 'next'));
    await rename(join(dir, 'next'), join(dir, 'current'));
  };
  await publish('v1', 1);
  const followed = follow(join(dir, 'current'));
  await arrives(followed, 1);
  await publish('v2', 2);
  await arrives(followed, 2);
  await writeFile(join(dir, 'v2', 'a.yaml'), listener(3));
  await arrives(followed, 3);
});

test('deleted and made again within moments: nothing is reported and nothing is lost', async () => {
  const file = join(dir, 'a.yaml');
  await writeFile(file, listener(1));
  await writeFile(join(dir, 'b.yaml'), 'services: { s: { endpoints: ["127.0.0.1:1"] } }');
  const followed = follow(dir);
  await arrives(followed, 1);
  await rm(join(dir, 'b.yaml'));
  await writeFile(file, listener(2));
  await writeFile(join(dir, 'b.yaml'), 'services: { s: { endpoints: ["127.0.0.1:2"] } }');
  await arrives(followed, 2);
  expect(followed.configs.every((config) => config.services.has('s'))).toBe(true);
  expect(followed.problems).toEqual([]);
});

test('a file written in two halves is not reported in between', async () => {
  const file = join(dir, 'a.yaml');
  await writeFile(file, listener(1));
  const followed = follow(file);
  await arrives(followed, 1);
  await writeFile(file, 'listeners: { web: { po');
  await writeFile(file, '');
  await writeFile(file, listener(2));
  await arrives(followed, 2);
  expect(followed.problems).toEqual([]);
});

test('a directory that is missing is a problem until it is there, without waiting for a re-read', async () => {
  const path = join(dir, 'deep', 'config');
  const followed = follow(path);
  await until('a problem', () => followed.problems.length > 0);
  expect(followed.problems).toEqual([`${path}: does not exist`]);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'a.yaml'), listener(1));
  await arrives(followed, 1);
  await rename(path, `${path}-old`);
  await until('another problem', () => followed.problems.length === 2);
  await rename(`${path}-old`, path);
  await until('the config again', () => followed.configs.length > 1);
});

test('a folder deleted and made again is found by reading again', async () => {
  const file = join(dir, 'a.yaml');
  await writeFile(file, listener(1));
  const followed = follow(file, 30);
  await arrives(followed, 1);
  await rm(dir, { recursive: true });
  await mkdir(dir);
  await writeFile(file, listener(2));
  await arrives(followed, 2);
});
