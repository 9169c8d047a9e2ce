import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { createApi } from '../../src/api/create-api.ts';
import { createSourceView } from '../../src/serve/source-view.ts';
import { fakeParts } from '../api/fake-view.ts';
import { CONFIG, fakeWorld, instance, scopeStatus, seenInstance } from '../serve/fake-world.ts';
import { runInProcess, runWithInput } from './in-process.ts';

const EXAMPLE = 'examples/relabel/fleet.yaml';
const SAMPLE = 'examples/relabel/sample.json';
const RULES = [
  { source_labels: ['file.label.stage'], regex: 'prod', action: 'keep' },
  { source_labels: ['file.label.name'], target_label: 'name' },
];

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-relabel-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function config(relabel: readonly object[] = RULES): Promise<string> {
  const path = join(dir, 'fleet.json');
  const vms = { file: { paths: ['./vms.json'] }, relabel };
  const services = { web: { from: [{ source: 'vms' }] } };
  await writeFile(path, JSON.stringify({ sources: { vms }, services }));
  return path;
}

const relabel = (...args: readonly string[]) => runInProcess('relabel', '--source', 'vms', ...args);

describe('muster relabel --sample', () => {
  it('SRC12: shows labels before, after each rule that changed something, and why dropped', async () => {
    const { code, out, err } = await relabel('--config', EXAMPLE, '--sample', SAMPLE);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      `2 instances: 1 changed, 1 dropped

10.0.0.1:8080
  before
    file.label.name = web-17
    file.label.stage = prod
    file.label.rack = r1
  rule 2: replace
    + team = web
  rule 3: replace
    ~ __zone__ = r1 (was )
  after
    file.label.name = web-17
    file.label.stage = prod
    file.label.rack = r1
    team = web

10.0.0.2:8080
  before
    file.label.name = web-18
    file.label.stage = test
    file.label.rack = r2
  rule 1: keep drops it
  dropped: rule 1: keep file.label.stage "prod" does not match
`,
    );
  });

  it('gives programs the whole answer', async () => {
    const { out } = await relabel('--config', EXAMPLE, '--sample', SAMPLE, '-o', 'json', '--limit', '1');
    expect(JSON.parse(out)).toMatchObject({
      ...{ source: 'vms', looked: 2, changed: 1, dropped: 1, left: 0 },
      instances: [{ id: '10.0.0.1:8080', after: { team: 'web' } }],
    });
  });

  it('reads standard input, and what muster instances printed', async () => {
    const sample = await readFile(SAMPLE, 'utf8');
    const args = ['relabel', '--source', 'vms', '--config', EXAMPLE, '--sample', '-'];
    expect((await runWithInput(sample, ...args)).out).toMatch(/^2 instances: 1 changed, 1 dropped$/m);
    const seen = instance('i-1', { labels: { 'file.label.stage': 'prod', 'file.label.name': 'db-1' } });
    const listed = JSON.stringify({ total: 1, left: 0, instances: [{ source: 'x', held: false, seen }] });
    const { out } = await runWithInput(listed, ...args);
    expect(out).toContain('i-1\n  before\n');
    expect(out).toContain('+ team = db');
  });

  it('lets no label steer the terminal', async () => {
    const path = join(dir, 'sample.json');
    const labels = { stage: 'prod', name: 'a\u001b[31m\n' };
    await writeFile(path, JSON.stringify({ instances: [{ address: '10.0.0.1', labels }] }));
    const { out } = await relabel('--config', await config(), '--sample', path);
    expect(out).toContain('+ name = a\\u{1b}[31m\\u{a}');
    expect(out).not.toContain('\u001b');
  });

  test.each([
    ['{"instances":[{"address":"web-1"}]}', /sample\.json:1:\d+: instances\[0\]\.address: "web-1"/],
    ['{', /sample\.json/],
    ['{"instances":[{"seen":{"id":1}}]}', /sample\.json: instances\.0\.seen\.id/],
  ])('says where the mistake in a sample is: %s', async (text, words) => {
    const path = join(dir, 'sample.json');
    await writeFile(path, text);
    const { code, out, err } = await relabel('--config', await config(), '--sample', path);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(words);
    expect(err).not.toMatch(/^\s+at /m);
  });

  test.each([
    ['a sample that is not there', ['--sample', '/nowhere/s.json'], 2, '--sample cannot be read: ENOENT'],
    ['two at once', ['--sample', 'a', '--live'], 2, '--live and --sample: give one of them'],
    ['a count that is none', ['--limit', '-1'], 2, '--limit "-1": write a whole number from 0'],
  ])('refuses %s', async (_case, args, code, words) => {
    const ran = await relabel('--config', await config(), ...args);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(words);
  });

  it('names the nearest source, and every mistake of the rules', async () => {
    const ran = await runInProcess('relabel', '--config', await config(), '--source', 'vns');
    expect([ran.code, ran.err]).toEqual([2, 'error: no source "vns"; did you mean "vms"?\n']);
    const bad = await relabel('--config', await config([{ action: 'kepp' }, { regex: '(' }]));
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/relabel\[0\]\.action/);
    expect(bad.err).toMatch(/relabel\[1\]\.regex/);
  });
});

describe('muster relabel without a sample', () => {
  it('asks the source itself, and says what could not be read', async () => {
    const path = await config();
    await writeFile(
      join(dir, 'vms.json'),
      '{"instances":[{"address":"10.9.8.7","labels":{"stage":"prod","name":"a"}}]}',
    );
    expect((await relabel('--config', path)).out).toMatch(
      /^1 instance: 1 changed, 0 dropped\n\n10\.9\.8\.7\n/,
    );
    await writeFile(join(dir, 'vms.json'), '{');
    const broken = await relabel('--config', path);
    expect([broken.code, broken.out]).toEqual([0, '0 instances: 0 changed, 0 dropped\n']);
    expect(broken.err).toMatch(/^warning: .*vms\.json/);
  });
});

describe('muster relabel --live', () => {
  it('SRC12: tries the rules of a config on what a running muster sees', async () => {
    const labels = { 'file.label.stage': 'prod', 'file.label.name': 'live' };
    const seen = [
      seenInstance('i-1', { seen: instance('i-1', { labels }) }),
      seenInstance('i-2', { seen: instance('i-2', { labels: { 'file.label.stage': 'test' } }) }),
    ];
    const world = fakeWorld({ seen, scopes: { vms: [scopeStatus()] } });
    const view = createSourceView({ config: CONFIG, world });
    const api = await createApi({ ...fakeParts(view), logger: pino({ level: 'silent' }) });
    const address = await api.listen({ host: '127.0.0.1', port: 0 });
    try {
      const { out } = await relabel('--config', await config(), '--live', '--api', address);
      expect(out).toMatch(/^2 instances: 1 changed, 1 dropped\n\ni-1 \(a\.yaml\)\n/);
      expect(out).toContain('  rule 2: replace\n    + name = live\n');
    } finally {
      await api.close();
    }
  });
});
