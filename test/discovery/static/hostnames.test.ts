import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileSource } from '../../../src/discovery/static/index.ts';
import { type FakeDns, startDns } from '../dns/fake-dns.ts';
import { type ManualClock, manualClock } from '../manual-clock.ts';
import { addressesOf, isComplete, isFailure, testSource, type Watching, watchSource } from '../suite.ts';

const A = (...addresses: string[]) => addresses.map((address) => ({ address }));
const NAMED = 'instances: [{ address: Web.Internal, port: 80, service: web }, { address: 10.0.0.9 }]';

testSource('the file source with hostnames', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
  const dns = await startDns({ 'A web.internal': A('10.0.0.1') });
  const file = path.join(folder, 'web.yaml');
  await writeFile(file, NAMED);
  return {
    source: create(folder, dns),
    addresses: ['10.0.0.1', '10.0.0.9'],
    break: () => replaceFile(file, 'instances: ['),
    mend: () => replaceFile(file, NAMED),
    close: async () => {
      await dns.stop();
      await rm(folder, { recursive: true });
    },
  };
});

function create(baseDir: string, dns: FakeDns, clock?: ManualClock) {
  const options = fileSource.schema.parse({
    paths: ['*.yaml', '*.json'],
    hostnames: 'resolve',
    nameservers: [dns.address],
  });
  return fileSource.create(options, { name: 'files', baseDir, random: () => 0.5, clock });
}

async function replaceFile(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

describe('hostnames in files', () => {
  let folder: string;
  let dns: FakeDns;
  let clock: ManualClock;
  let watching: Watching;
  const file = () => path.join(folder, 'web.yaml');
  const watch = async (text = NAMED) => {
    await writeFile(file(), text);
    watching = watchSource(create(folder, dns, clock));
  };
  /** Until the questions to DNS are `count`. */
  const asked = (count: number) => expect.poll(() => dns.questions.length).toBeGreaterThanOrEqual(count);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
    clock = manualClock();
    dns = await startDns({
      'A web.internal': A('10.0.0.2', '10.0.0.1'),
      'AAAA web.internal': A('2001:db8::1'),
    });
  });
  afterEach(async () => {
    await watching.stop();
    await dns.stop();
    await rm(folder, { recursive: true });
    expect(clock.pending).toBe(0);
  });

  test('a name becomes one instance for each of its addresses, and stays as a label', async () => {
    await watch();
    const report = await watching.next(isComplete);
    expect(watching.seen).toHaveLength(1);
    expect(report.instances.map(({ id, address, ports }) => [id, address, ports['']])).toEqual([
      ['web/Web.Internal:80/10.0.0.1', '10.0.0.1', 80],
      ['web/Web.Internal:80/10.0.0.2', '10.0.0.2', 80],
      ['web/Web.Internal:80/2001:db8::1', '2001:db8::1', 80],
      ['10.0.0.9', '10.0.0.9', undefined],
    ]);
    expect(report.instances[0]?.labels).toEqual({ 'file.service': 'web', 'file.hostname': 'Web.Internal' });
    expect(report.instances[3]?.labels).toEqual({});
  });

  test("in Prometheus' shape too", async () => {
    await watch('[{"targets": ["web.internal:81"], "labels": {"service": "web"}}]');
    const { instances } = await watching.next(isComplete);
    expect(instances[0]).toMatchObject({
      id: 'web.internal:81/10.0.0.1',
      ports: { '': 81 },
      labels: { 'file.service': 'web', 'file.label.service': 'web', 'file.hostname': 'web.internal' },
    });
  });

  test('SRC2: another answer is told without a reason, what stays is the same object', async () => {
    await watch();
    const first = await watching.next(isComplete);
    expect(first.reason).toBe('stated');
    dns.serve({ 'A web.internal': A('10.0.0.2') });
    await clock.advance(30_000);
    const second = await watching.next(isComplete);
    expect(addressesOf(second)).toEqual(['10.0.0.2', '10.0.0.9']);
    expect(second.reason).toBeUndefined();
    expect(second.instances[0]).toBe(first.instances[1]);
  });

  test('SRC3: a name that fails keeps its last good answer, also over an edit of the file', async () => {
    await watch();
    await watching.next(isComplete);
    dns.serve({ 'A web.internal': 'SERVFAIL' });
    await clock.advance(30_000);
    expect((await watching.next(() => true)).kind).toBe('failure');
    await replaceFile(file(), NAMED.replace('10.0.0.9', '10.0.0.8'));
    const edited = await watching.next(isComplete);
    expect(addressesOf(edited)).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.8', '2001:db8::1']);
    expect((await watching.next(isFailure)).error.message).toMatch(
      /^web\.yaml: web\.internal \(A\): the DNS server answers SERVFAIL/,
    );
    dns.serve({ 'A web.internal': A('10.0.0.1', '10.0.0.2'), 'AAAA web.internal': A('2001:db8::1') });
    await clock.advance(500);
    expect((await watching.next(() => true)).kind).toBe('unchanged');
  });

  test('SRC1: a name that never was resolved keeps its whole file back, and no other file', async () => {
    dns.serve({ 'A web.internal': 'SERVFAIL' });
    await writeFile(path.join(folder, 'other.yaml'), '- targets: ["10.0.0.7"]');
    await watch();
    expect(await watching.next(() => true)).toMatchObject({
      scope: 'other.yaml',
      kind: 'complete',
      more: true,
    });
    expect(await watching.next(() => true)).toMatchObject({ scope: 'web.yaml', kind: 'failure' });
    expect(watching.seen.at(-1)?.more).toBeUndefined();
    dns.serve({ 'A web.internal': A('10.0.0.1') });
    await clock.advance(500);
    expect(await watching.next(isComplete)).toMatchObject({ scope: 'web.yaml' });
  });

  test('a name that does not exist has no instances; that is no stated reason', async () => {
    dns.serve({});
    await watch();
    const report = await watching.next(isComplete);
    expect(addressesOf(report)).toEqual(['10.0.0.9']);
    expect(report.reason).toBeUndefined();
  });

  test.for([
    ['127.0.0.1', /is the proxy's own machine/],
    ['169.254.169.254', /is a cloud's metadata service/],
    ['169.254.7.7', /is a link-local address/],
    ['0.0.0.0', /unspecified/],
  ] as const)(
    'BAD9: a name that leads to %s is a failure, and keeps its last good answer',
    async ([bad, words]) => {
      await watch();
      await watching.next(isComplete);
      dns.serve({ 'A web.internal': A('10.0.0.1', bad) });
      await clock.advance(30_000);
      const { message } = (await watching.next(isFailure)).error;
      expect(message).toMatch(words);
      expect(message).not.toMatch(/allowAddresses/);
      expect(watching.seen.filter(isComplete)).toHaveLength(1);
    },
  );

  test('a name is asked for once, however often it is written, and no more when it is gone', async () => {
    await watch('- targets: ["web.internal:80", "WEB.internal.:81"]');
    await watching.next(isComplete);
    expect(dns.questions).toEqual(expect.arrayContaining(['A web.internal', 'AAAA web.internal']));
    expect(dns.questions).toHaveLength(2);
    await replaceFile(file(), '- targets: ["10.0.0.5"]');
    expect(addressesOf(await watching.next(isComplete))).toEqual(['10.0.0.5']);
    await expect.poll(() => clock.pending).toBe(0);
    await replaceFile(file(), '- targets: ["web.internal:80"]');
    await asked(4);
    expect(addressesOf(await watching.next(isComplete))).toHaveLength(3);
  });

  test('records that live 6 s are asked for again after 6 s', async () => {
    dns.serve({ 'A web.internal': [{ address: '10.0.0.1', ttl: 6 }] });
    await watch();
    await watching.next(isComplete);
    const before = dns.questions.length;
    await clock.advance(5999);
    expect(dns.questions).toHaveLength(before);
    await clock.advance(1);
    await asked(before + 2);
  });

  test.each(['10.1', 'a b', 'web..internal', '-', ''])('%j is neither an address nor a name', async (bad) => {
    await watch(`instances: [{ address: ${JSON.stringify(bad)} }]`);
    expect((await watching.next(isFailure)).error.message).toMatch(/is neither an IP address nor a hostname/);
  });
});

describe('a folder as path', () => {
  let folder: string;
  let watching: Watching;
  const at = (...names: string[]) => path.join(folder, ...names);
  const watch = (...paths: string[]) => {
    const options = fileSource.schema.parse({ paths });
    watching = watchSource(fileSource.create(options, { name: 'files', baseDir: folder }));
  };
  const list = (address: string) => JSON.stringify([{ targets: [address] }]);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'muster-'));
    await mkdir(at('legacy', 'below'), { recursive: true });
  });
  afterEach(async () => {
    await watching.stop();
    await rm(folder, { recursive: true });
  });

  test('its *.yaml, *.yml and *.json are read, nothing else and nothing below', async () => {
    for (const name of ['a.yaml', 'b.yml', 'c.json', 'd.txt', '.e.yaml', 'f.yaml~', 'below/g.yaml'])
      await writeFile(at('legacy', name), list('10.0.0.1'));
    watch('./legacy/');
    for (const scope of ['legacy/a.yaml', 'legacy/b.yml', 'legacy/c.json'])
      expect(await watching.next(() => true)).toMatchObject({ kind: 'complete', scope });
    expect(watching.seen.map(({ more }) => more)).toEqual([true, true, undefined]);
    await writeFile(at('legacy', 'h.yaml'), list('10.0.0.8'));
    expect(await watching.next(() => true)).toMatchObject({ kind: 'complete', scope: 'legacy/h.yaml' });
  });

  test('empty, it is an answer, and files that come are seen', async () => {
    watch('legacy');
    expect(await watching.next(() => true)).toMatchObject({ kind: 'complete', instances: [] });
    await writeFile(at('legacy', 'a.yaml'), list('10.0.0.1'));
    expect(await watching.next(() => true)).toMatchObject({ kind: 'complete', scope: 'legacy/a.yaml' });
  });

  test('missing, it is a failure; once it is there that failure is closed', async () => {
    watch('later');
    expect(await watching.next(() => true)).toMatchObject({ kind: 'failure', scope: 'later', gone: true });
    await mkdir(at('new'));
    await writeFile(at('new', 'a.yaml'), list('10.0.0.1'));
    await rename(at('new'), at('later'));
    expect(await watching.next(() => true)).toMatchObject({ scope: 'later', closed: true });
    expect(await watching.next(() => true)).toMatchObject({ kind: 'complete', scope: 'later/a.yaml' });
  });
});
