import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { Audit, type AuditedRefusal } from '../../src/serve/audit.ts';
import { openAuditFile } from '../../src/serve/audit-file.ts';

const SAN = 'spiffe://example.org/group/edge/node/n1';
const REFUSAL: AuditedRefusal = {
  reason: 'unknown-secret',
  address: '10.0.0.1',
  uriSans: [SAN],
  node: 'n1',
  group: 'edge',
  asked: 'shop-tls',
  message: 'there is no such secret',
};

function audited(now: () => number = Date.now) {
  const lines: Record<string, unknown>[] = [];
  const registers = [new Registry()];
  const refused = new Counter({ name: 'refused', help: 'x', labelNames: ['reason'], registers });
  const logger = pino({ level: 'error' }, { write: (line) => void lines.push(JSON.parse(line)) });
  return { lines, refused, audit: new Audit({ refused }, [logger], now) };
}

test('each who, why and what is written once and counted each time, whatever the log level', async () => {
  const { audit, lines, refused } = audited();
  for (let n = 0; n < 5; n += 1) audit.refused(REFUSAL);
  audit.refused({ ...REFUSAL, asked: 'blog-tls' });
  audit.refused({ ...REFUSAL, uriSans: ['spiffe://example.org/group/edge/node/n2'] });
  expect(lines).toMatchObject([
    {
      audit: true,
      reason: 'unknown-secret',
      uriSans: [SAN],
      node: 'n1',
      asked: 'shop-tls',
      address: '10.0.0.1',
    },
    { asked: 'blog-tls' },
    { uriSans: ['spiffe://example.org/group/edge/node/n2'] },
  ]);
  expect((await refused.get()).values).toMatchObject([{ value: 7, labels: { reason: 'unknown-secret' } }]);
});

test('a peer without a certificate is its address, whatever it calls itself', () => {
  const { audit, lines } = audited();
  for (let n = 0; n < 50; n += 1) audit.refused({ ...REFUSAL, uriSans: [], node: `n${n}` });
  expect(lines).toHaveLength(1);
});

test('what a client chose is cut, and what was told is forgotten in time', () => {
  const { audit, lines } = audited();
  const long = 'x'.repeat(100_000);
  audit.refused({
    ...REFUSAL,
    node: long,
    asked: `${long}\n{"fake":1}`,
    uriSans: [long, long, long, long, long],
  });
  expect(JSON.stringify(lines).length).toBeLessThan(3000);
});

test('one client fills neither the log nor the memory, and what it does is counted on', async () => {
  let now = 0;
  const { audit, lines, refused } = audited(() => now);
  const ask = (asked: string, san = SAN): void => audit.refused({ ...REFUSAL, asked, uriSans: [san] });
  for (let n = 0; n < 10_000; n += 1) ask(String(n));
  expect(lines).toHaveLength(200);
  expect(lines[199]).toMatchObject({ asked: '199', more: expect.stringContaining('not written') });
  expect((await refused.get()).values).toMatchObject([{ value: 10_000 }]);
  ask('0', 'spiffe://example.org/group/edge/node/n2');
  expect(lines).toHaveLength(201);
  now = 60_000;
  ask('0'); // forgotten by now: it is told once more
  ask('9999');
  expect(lines).toHaveLength(202);
});

test('the file is its owner’s alone, and a rotation by rename is followed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-audit-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const path = join(dir, 'audit.log');
  const file = await openAuditFile(path, () => undefined);
  file.write('one\n');
  file.write('two\n');
  await file.close();
  expect([await readFile(path, 'utf8'), (await stat(path)).mode & 0o777]).toEqual(['one\ntwo\n', 0o600]);
  const again = await openAuditFile(path, () => undefined);
  await rename(path, `${path}.1`);
  again.write('three\n');
  await again.close();
  expect([await readFile(`${path}.1`, 'utf8'), await readFile(path, 'utf8')]).toEqual([
    'one\ntwo\n',
    'three\n',
  ]);
});

test('a file that cannot be opened is said in words', async () => {
  await expect(openAuditFile('/nowhere/at/all', () => undefined)).rejects.toThrow(/^auditFile: /);
});
