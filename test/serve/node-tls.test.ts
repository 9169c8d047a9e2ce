import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { NodeTls } from '../../src/serve/node-tls.ts';
import { type MadeCertificate, makeCa, makeCertificate } from '../secrets/certificates.ts';

const DAY = 86_400_000;
const ago = (days: number): Date => new Date(Date.now() - days * DAY);

async function loaded(own: MadeCertificate, ca: string) {
  const dir = await mkdtemp(join(tmpdir(), 'muster-node-tls-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const paths = { certificate: join(dir, 'crt'), privateKey: join(dir, 'key'), ca: join(dir, 'ca') };
  await writeFile(paths.certificate, own.chain);
  await writeFile(paths.privateKey, own.privateKey);
  await writeFile(paths.ca, ca);
  const lines: { level: number; msg: string }[] = [];
  const logger = pino({ level: 'debug' }, { write: (line) => void lines.push(JSON.parse(line)) });
  const files = new NodeTls(paths, logger);
  await files.load();
  return { files, lines: lines.map(({ level, msg }) => `${level} ${msg}`) };
}

test('says nothing of certificates that have long to live', async () => {
  const ca = await makeCa();
  const { lines, files } = await loaded(await makeCertificate({ issuer: ca }), ca.certificate);
  expect([lines, files.problem]).toEqual([[], undefined]);
});

test('warns of its own certificate, and of a CA, before they end', async () => {
  const ca = await makeCa({ from: ago(27), days: 30 });
  const next = await makeCa({ name: 'next' });
  const own = await makeCertificate({ issuer: next, from: ago(25), days: 30 });
  const { lines } = await loaded(own, ca.certificate + next.certificate);
  expect(lines).toEqual([
    '40 the certificate of the node port ends soon',
    '50 a CA of the nodes (nodeTls.ca) ends soon',
  ]);
});

test('an expired CA in the bundle is left out and said; a bundle of such alone is refused', async () => {
  const gone = await makeCa({ from: ago(60), days: 30, name: 'gone' });
  const ca = await makeCa({ name: 'here' });
  const own = await makeCertificate({ issuer: ca });
  const { lines } = await loaded(own, gone.certificate + ca.certificate);
  expect(lines).toEqual(['40 nodeTls']);
  await expect(loaded(own, gone.certificate)).rejects.toThrow(/^nodeTls.ca .*CN=gone expired on/);
});

test('a file of the CA that holds no CA is refused: it would turn every node away', async () => {
  const own = await makeCertificate({ issuer: await makeCa() });
  await expect(loaded(own, own.certificate)).rejects.toThrow('there is no CA in it');
});
