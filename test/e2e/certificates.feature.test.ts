import { writeFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../parts/ports.ts';
import { steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { makeCertificate } from '../secrets/certificates.ts';
import { certificateOf, derOf, echo, type PairOnDisk, pairOnDisk } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { createWorkspace } from './workspace.ts';

interface Served {
  readonly secret: string;
  readonly pair: PairOnDisk;
  readonly hostnames: readonly string[];
}

/** A replica and an Envoy with one HTTPS listener for the pairs. */
async function startHttps(port: number, served: readonly Served[]): Promise<TestReplica> {
  const workspace = await createWorkspace();
  const upstream = await echo({ name: 'one' });
  await workspace.putConfig({
    secrets: Object.fromEntries(
      served.map(({ secret, pair: { certificate, privateKey } }) => [
        secret,
        { tls: { certificate, privateKey } },
      ]),
    ),
    services: { web: { endpoints: [`127.0.0.1:${upstream.port}`] } },
    listeners: {
      secure: {
        port,
        address: '127.0.0.1',
        protocol: 'HTTPS',
        tls: { certificates: served.map(({ secret, hostnames }) => ({ secret, hostnames })) },
      },
    },
    httpRoutes: { all: { listeners: ['secure'], rules: [{ backends: [{ service: 'web' }] }] } },
    groups: { edge: { listeners: ['secure'] } },
  });
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  return replica;
}

async function problemOf(replica: TestReplica, secret: string): Promise<string | undefined> {
  const { secrets } = await replica.status();
  const found = secrets.find(({ name }) => name === secret);
  return found?.state === 'failing' ? found.error : undefined;
}

test('steady new TLS connections see the old certificate, then the new one, and no handshake fails', async () => {
  const { dir } = await createWorkspace();
  const pair = await pairOnDisk(dir, 'shop', ['shop.example.com']);
  const port = await freePort();
  const shown = { port, servername: 'shop.example.com', ca: pair.ca };
  let current = derOf((await pair.rotate()).chain);
  await startHttps(port, [{ secret: 'shop', pair, hostnames: [] }]);
  await until('the first certificate', async () => (await certificateOf(shown)) === current);
  const url = `https://127.0.0.1:${port}/`;
  const load = steadyRequests({ url, ...shown, ratePerSecond: 50, freshConnections: true });
  const kept = steadyRequests({ url, ...shown, ratePerSecond: 50 });
  onTestFinished(async () => void (await Promise.all([load.stop(), kept.stop()])));
  for (let rotation = 0; rotation < 3; rotation += 1) {
    expect(await certificateOf(shown)).toBe(current);
    current = derOf((await pair.rotate()).chain);
    await until('the next certificate', async () => (await certificateOf(shown)) === current);
    const before = load.counts().ok;
    await until('more handshakes', () => load.counts().ok > before + 10);
  }
  const results = [await load.stop(), await kept.stop()];
  expect(results.map(({ failed, errors }) => ({ failed, errors: [...errors] }))).toEqual([
    { failed: 0, errors: [] },
    { failed: 0, errors: [] },
  ]);
});

test('a bad pair keeps the old certificate and shows in status; a good one ends the problem', async () => {
  const { dir } = await createWorkspace();
  const names = ['shop.example.com'];
  const pair = await pairOnDisk(dir, 'shop', names);
  const port = await freePort();
  const shown = { port, servername: 'shop.example.com', ca: pair.ca };
  const good = await pair.rotate();
  const replica = await startHttps(port, [{ secret: 'shop', pair, hostnames: [] }]);
  await until('the certificate', async () => (await certificateOf(shown)) === derOf(good.chain));

  const [first, second] = [await pair.make(), await pair.make()];
  const lastYear = new Date(Date.now() - 365 * 86_400_000);
  const expired = await makeCertificate({ names, from: lastYear, days: 30 });
  const bad = [
    { what: /belong/, chain: first.chain, privateKey: second.privateKey },
    { what: /expired on/, chain: expired.chain, privateKey: expired.privateKey },
    { what: /cut off/, chain: first.chain.slice(0, 200), privateKey: first.privateKey },
  ];
  for (const { what, chain, privateKey } of bad) {
    await pair.write({ chain, privateKey });
    await until('the problem in status', async () => {
      const text = await problemOf(replica, 'shop');
      return text !== undefined && what.test(text) ? text : undefined;
    });
    expect(await certificateOf(shown)).toBe(derOf(good.chain));
  }
  expect(replica.log()).toContain('the last good version stays');
  expect(await replica.metrics()).toMatch(/muster_secret_problems_total [1-9]/);

  const next = await pair.rotate();
  await until('the new certificate', async () => (await certificateOf(shown)) === derOf(next.chain));
  expect(await problemOf(replica, 'shop')).toBeUndefined();
});

test('each name gets its own certificate, and rotating one leaves the other', async () => {
  const { dir } = await createWorkspace();
  const port = await freePort();
  const shop = await pairOnDisk(dir, 'shop', ['shop.example.com']);
  const pay = await pairOnDisk(dir, 'pay', ['pay.example.com', '*.pay.example.com']);
  const [shopPair, payPair] = [await shop.rotate(), await pay.rotate()];
  await startHttps(port, [
    { secret: 'shop', pair: shop, hostnames: [] },
    { secret: 'pay', pair: pay, hostnames: ['pay.example.com', '*.pay.example.com'] },
  ]);
  const shown = async (servername: string, { ca }: PairOnDisk): Promise<string> =>
    certificateOf({ port, servername, ca });
  const payShown = derOf(payPair.chain);
  await until('the certificate of pay', async () => (await shown('pay.example.com', pay)) === payShown);
  expect(await shown('a.pay.example.com', pay)).toBe(payShown);
  expect(await shown('shop.example.com', shop)).toBe(derOf(shopPair.chain));

  const next = derOf((await shop.rotate()).chain);
  await until('the new one of shop', async () => (await shown('shop.example.com', shop)) === next);
  expect(await shown('pay.example.com', pay)).toBe(payShown);
});

test('a secret whose files are missing shows in status, and comes alive when they appear', async () => {
  const { dir } = await createWorkspace();
  const port = await freePort();
  const pair = await pairOnDisk(dir, 'shop', ['shop.example.com']);
  const other = await pairOnDisk(dir, 'pay', ['pay.example.com']);
  await writeFile(pair.certificate, (await pair.make()).chain);
  const otherShown = derOf((await other.rotate()).chain);
  const replica = await startHttps(port, [
    { secret: 'shop', pair, hostnames: ['shop.example.com'] },
    { secret: 'pay', pair: other, hostnames: ['pay.example.com'] },
  ]);
  const pay = { port, servername: 'pay.example.com', ca: other.ca };
  await until('the other certificate', async () => (await certificateOf(pay)) === otherShown);
  const { secrets } = await replica.status();
  expect(secrets.find(({ name }) => name === 'shop')).toMatchObject({ state: 'absent' });
  const shop = { port, servername: 'shop.example.com', ca: pair.ca };
  const made = derOf((await pair.rotate()).chain);
  await until('the certificate that was missing', async () => (await certificateOf(shop)) === made);
});
