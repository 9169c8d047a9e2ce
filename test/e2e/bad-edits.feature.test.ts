import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { freePort } from '../parts/ports.ts';
import { until } from '../parts/until.ts';
import { type Healthy, startHealthy } from './healthy.ts';
import type { Variant } from './proxy.ts';

const MALFORMED = [
  { what: 'no YAML', text: 'services: {\n  web: [', words: /fleet\.yaml/ },
  { what: 'a wrong key', text: 'servces: {}\n', words: /servces/ },
  { what: 'a duplicate key', text: 'services: {}\nservices: {}\n', words: /twice|unique|duplicate/i },
  { what: 'a proto key', text: '{"__proto__": {"a": 1}}', words: /__proto__/ },
  { what: 'an alias bomb', text: bomb(), words: /alias/ },
  {
    what: 'a number that is none',
    text: 'listeners: { web: { port: .nan } }\n',
    words: /nan is not a number/,
  },
  { what: 'an empty file', text: '', words: /nothing in it/ },
  { what: 'bytes that are no UTF-8', text: Buffer.from([0xff, 0xfe, 0x00]), words: /UTF-8/ },
] as const;

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, at) => `x${at + 1}: &x${at + 1} [${`*x${at}, `.repeat(9)}]`);
  return `x0: &x0 [boom]\n${levels.join('\n')}\n`;
}

/** Why the newest edit was refused; waits until there is a reason. */
async function refusal(healthy: Healthy, what: string): Promise<string> {
  return until(`the problems of ${what} in status`, async () => {
    const { problems } = (await healthy.replica.status()).config;
    return problems.length > 0
      ? problems.map(({ file, line, path, message }) => `${file}:${line}: ${path}: ${message}`).join('\n')
      : undefined;
  });
}

test('BAD6: a malformed edit keeps the running config, and shows in status, log and metric', async () => {
  const healthy = await startHealthy();
  const { replica, workspace } = healthy;
  for (const { what, text, words } of MALFORMED) {
    const { hash, revision } = (await replica.status()).config;
    await writeFile(workspace.path('fleet.yaml'), text);
    expect(await refusal(healthy, what), what).toMatch(words);
    const { config, groups } = await replica.status();
    expect(config).toMatchObject({ hash, revision });
    expect(groups).toMatchObject([{ name: 'edge', nodes: 1, inSync: 1 }]);
    await workspace.putConfig(healthy.config('first'));
    await until('it to be mended', async () => (await replica.status()).config.problems.length === 0);
  }
  expect(replica.log().split('the config has mistakes').length - 1).toBe(MALFORMED.length);
  expect(await replica.metrics()).toContain(
    `muster_config_reloads_total{result="refused"} ${MALFORMED.length}`,
  );
  expect(Object.prototype).not.toHaveProperty('a');
  await healthy.expectUnharmed();
});

/** The line of the config file on which the entry begins, from 1. */
async function lineOf(healthy: Healthy, key: string): Promise<number> {
  const text = await readFile(healthy.workspace.path('fleet.yaml'), 'utf8');
  return text.split('\n').findIndex((line) => line.includes(`"${key}"`)) + 1;
}

test.each<Variant>(['delta', 'sotw'])(
  'what a real Envoy refuses over %s shows with the object, file and line it came from',
  async (variant) => {
    const healthy = await startHealthy({ variant });
    const good = healthy.config('first') as { listeners: object; groups: object }; // made just now
    // An address of no machine (RFC 5737): every constraint holds, and no Envoy can bind it.
    const stray = { port: await freePort(), address: '192.0.2.1' };
    await healthy.workspace.putConfig({
      ...good,
      listeners: { ...good.listeners, stray },
      groups: { edge: { listeners: ['web', 'stray'] } },
    });
    const nack = await until('the refusal', async () => {
      const [node] = (await healthy.replica.nodes()).nodes;
      return node?.types.find(({ type }) => type === TYPE_URL.listener)?.nack;
    });
    expect(nack.message).toContain('192.0.2.1');
    expect(nack.objects).toContainEqual({
      object: 'listeners/stray',
      file: expect.stringContaining('fleet.yaml'),
      line: await lineOf(healthy, 'stray'),
    });
    const { groups } = await healthy.replica.status();
    expect(groups).toMatchObject([{ name: 'edge', nodes: 1, inSync: 0 }]);
    expect(healthy.replica.log()).toContain('a node refused a configuration');
    await healthy.expectUnharmed();
    await until('the node to be in sync again', async () => {
      const [node] = (await healthy.replica.nodes()).nodes;
      return node?.inSync === true && node.types.every((type) => type.nack === undefined);
    });
  },
);

test('FAULT10: a state directory that cannot be written is said in words; serving goes on, and it heals', async () => {
  const healthy = await startHealthy();
  const { replica, workspace } = healthy;
  await until('the state to be written', async () => (await replica.status()).state.ok);
  const aside = join(workspace.dir, 'aside');
  await rename(workspace.state, aside);
  await writeFile(workspace.state, 'no directory');
  await healthy.edit('unwritten');
  const error = await until('the error in status', async () => {
    const { state } = await replica.status();
    return state.ok ? undefined : state.error;
  });
  expect(error).toContain(workspace.state);
  expect(error).toMatch(/traffic is unaffected.*writable/);
  expect(replica.log()).toContain('cannot write to the state directory');
  expect(await replica.metrics()).toContain('muster_state_ok 0');
  await healthy.edit('still served');
  await rm(workspace.state);
  await rename(aside, workspace.state);
  await healthy.edit('written again');
  await until('the state to be well', async () => (await replica.status()).state.ok, { timeoutMs: 15_000 });
  expect(await replica.metrics()).toContain('muster_state_ok 1');
  await healthy.expectUnharmed();
});
