import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import { uriSansOf } from '../../src/xds/server/peer.ts';
import { runInProcess } from '../cli/in-process.ts';
import { makeCa, makeCertificate } from '../secrets/certificates.ts';

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'muster-pki-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  return join(dir, 'pki');
}

async function withCa(): Promise<string> {
  const dir = await folder();
  expect((await runInProcess('pki', 'init', '--trust-domain', 'example.org', '--dir', dir)).code).toBe(0);
  return dir;
}

const issue = (dir: string, ...more: readonly string[]) =>
  runInProcess('pki', 'issue', '--dir', dir, ...more);
const certificateIn = async (...path: readonly string[]): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(...path)));
const modeOf = async (...path: readonly string[]): Promise<number> =>
  (await stat(join(...path))).mode & 0o777;

test('init makes a CA whose key is its owner’s alone, and says what comes next', async () => {
  const dir = await folder();
  const { code, out } = await runInProcess('pki', 'init', '--trust-domain', 'example.org', '--dir', dir);
  expect([code, out]).toEqual([0, expect.stringContaining(`muster pki issue --dir ${dir} --server`)]);
  const ca = await certificateIn(dir, 'ca.pem');
  expect([ca.ca, ca.subjectAltName]).toEqual([true, 'URI:spiffe://example.org']);
  expect([await modeOf(dir, 'ca.pem'), await modeOf(dir, 'ca.key'), await modeOf(dir)]).toEqual([
    0o644, 0o600, 0o700,
  ]);
  const life = ca.validToDate.getTime() - Date.now();
  expect(Math.round(life / 86_400_000)).toBe(3650);
  expect(Date.now() - ca.validFromDate.getTime()).toBeGreaterThan(119_000);
});

test('a node gets exactly one URI SAN, for clients, from the CA, as a pair that Envoy takes', async () => {
  const dir = await withCa();
  const { code, out } = await issue(dir, '--group', 'edge', '--node', 'n1', '--days', '30');
  expect([code, out]).toEqual([0, expect.stringContaining('muster bootstrap --group edge --node-id n1')]);
  const at = join(dir, 'nodes', 'edge', 'n1');
  const node = await certificateIn(at, 'node.pem');
  const ca = await certificateIn(dir, 'ca.pem');
  expect(node.subjectAltName).toBe('URI:spiffe://example.org/group/edge/node/n1');
  expect([node.ca, node.keyUsage, node.checkIssued(ca), node.verify(ca.publicKey)]).toEqual([
    false,
    ['1.3.6.1.5.5.7.3.2'],
    true,
    true,
  ]);
  expect([await modeOf(at, 'node.pem'), await modeOf(at, 'node.key')]).toEqual([0o644, 0o600]);
  const [certificate, privateKey] = [
    await readFile(join(at, 'node.pem')),
    await readFile(join(at, 'node.key')),
  ];
  const parts = { certificate: new SecretBytes(certificate), privateKey: new SecretBytes(privateKey) };
  expect(checkMaterial('tls', { version: '', parts }, Date.now())).toMatchObject({ warnings: [] });
  expect(out).not.toContain('PRIVATE KEY');
  expect(await readdir(at)).toEqual(['node.key', 'node.pem']);
});

test('the node port gets names and addresses and no URI, an operator its own kind of identity', async () => {
  const dir = await withCa();
  const server = ['--server', 'muster.internal', 'm2.internal', '--ip', '10.0.0.1', '::1'];
  expect((await issue(dir, ...server)).out).toContain('nodeTls: {');
  const own = await certificateIn(dir, 'servers', 'muster.internal', 'server.pem');
  expect(own.subjectAltName).toBe(
    'DNS:muster.internal, DNS:m2.internal, IP Address:10.0.0.1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect([own.keyUsage, uriSansOf(own.subjectAltName ?? '')]).toEqual([['1.3.6.1.5.5.7.3.1'], []]);
  expect((await issue(dir, '--operator', 'alice')).out).toContain(
    'operators: ["spiffe://example.org/operator/alice"]',
  );
  const alice = await certificateIn(dir, 'operators', 'alice', 'operator.pem');
  expect(alice.subjectAltName).toBe('URI:spiffe://example.org/operator/alice');
});

test('nothing is overwritten: not the CA, not a pair, and no half of one is left', async () => {
  const dir = await withCa();
  const before = await readFile(join(dir, 'ca.key'));
  const again = await runInProcess('pki', 'init', '--trust-domain', 'example.org', '--dir', dir);
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('exists and is not overwritten')]);
  expect(await readFile(join(dir, 'ca.key'))).toEqual(before);
  const out = join(dir, 'out');
  await issue(dir, '--group', 'edge', '--node', 'n1', '--out', out);
  await rm(join(out, 'node.key'));
  expect((await issue(dir, '--group', 'edge', '--node', 'n1', '--out', out)).code).toBe(1);
  expect(await readdir(out)).toEqual(['node.pem']);
});

test('a certificate does not outlive its CA', async () => {
  const dir = await folder();
  await runInProcess('pki', 'init', '--trust-domain', 'example.org', '--dir', dir, '--days', '10');
  const { out } = await issue(dir, '--operator', 'bob');
  expect(out).toContain('when the CA itself ends');
  const [bob, ca] = [
    await certificateIn(dir, 'operators', 'bob', 'operator.pem'),
    await certificateIn(dir, 'ca.pem'),
  ];
  expect(bob.validTo).toBe(ca.validTo);
});

test.each([
  ['nothing', [], 'give one of'],
  ['a group without a node', ['--group', 'edge'], 'belong together'],
  ['two kinds', ['--operator', 'a', '--group', 'edge', '--node', 'n'], 'give one of'],
  ['a slash', ['--group', 'a/b', '--node', 'n'], '--group "a/b": expected letters'],
  ['a way out of the folder', ['--group', 'edge', '--node', '..'], '--node "..": expected letters'],
  ['an encoded slash', ['--group', 'edge', '--node', 'a%2Fb'], '--node'],
  ['a line break', ['--operator', 'a\nb'], '--operator "a\\nb"'],
  ['an empty name', ['--operator', ''], '--operator ""'],
  ['a comma', ['--server', 'a,b'], '--server "a,b": expected a DNS name'],
  ['an address as a name', ['--server', '10.0.0.1'], 'goes to --ip'],
  ['a name as an address', ['--ip', 'muster.internal'], '--ip "muster.internal"'],
  ['no days', ['--operator', 'a', '--days', '0'], '--days "0"'],
  ['half days', ['--operator', 'a', '--days', '1.5'], '--days "1.5"'],
])('issue refuses %s, and writes nothing', async (_, args, words) => {
  const dir = await withCa();
  const { code, err } = await issue(dir, ...args);
  expect([code, err]).toEqual([2, expect.stringContaining(words)]);
  expect(await readdir(dir)).toEqual(['ca.key', 'ca.pem']);
});

test('init refuses a trust domain that is none', async () => {
  for (const name of ['Example.org', 'spiffe://example.org', 'a/b', '']) {
    const { code, err } = await runInProcess('pki', 'init', '--trust-domain', name, '--dir', await folder());
    expect([code, err]).toEqual([2, expect.stringContaining('--trust-domain')]);
  }
});

test('a CA that cannot sign is said in words, without a byte of a key', async () => {
  const other = await makeCa({ name: 'other' });
  const domain = { uris: ['spiffe://example.org'] };
  const leaf = await makeCertificate(domain);
  const past = new Date(Date.now() - 90 * 86_400_000);
  const expired = await makeCa({ from: past, days: 30 });
  const cases: readonly (readonly [string, string | undefined, string | undefined, string])[] = [
    ['none', undefined, undefined, 'muster pki init'],
    ['a key of another', undefined, other.privateKey, 'is not the key of'],
    ['an expired one', expired.certificate, expired.privateKey, 'expired on'],
    ['one of another maker', other.certificate, other.privateKey, 'is no CA of "muster pki init"'],
    ['a leaf', leaf.certificate, leaf.privateKey, 'is no CA of'],
    ['garbage', 'garbage', undefined, 'holds no certificate'],
    [
      'a broken key',
      undefined,
      '-----BEGIN PRIVATE KEY-----\nMARKER\n-----END PRIVATE KEY-----',
      'no private key',
    ],
  ];
  for (const [what, certificate, key, words] of cases) {
    const dir = what === 'none' ? await folder() : await withCa();
    if (certificate !== undefined) await writeFile(join(dir, 'ca.pem'), certificate);
    if (key !== undefined) await writeFile(join(dir, 'ca.key'), key);
    const { code, err } = await issue(dir, '--operator', 'alice', '--debug');
    expect([what, code, err]).toEqual([what, 1, expect.stringContaining(words)]);
    expect(err).not.toContain('MARKER');
  }
});
