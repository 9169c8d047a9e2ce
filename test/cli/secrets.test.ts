import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/create-api.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import type { SecretStatus } from '../../src/secrets/refresh.ts';
import type { CheckedSecret } from '../../src/secrets/store.ts';
import { explainSecretOf, secretsOf } from '../../src/serve/secret-views.ts';
import type { StreamStatus } from '../../src/xds/server/options.ts';
import { fakeParts, MARKER } from '../api/fake-view.ts';
import { configOf } from '../serve/fake-world.ts';
import { runInProcess } from './in-process.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const NOON = Date.parse('2026-11-21T12:00:00Z');
const listener = (secret: string, hostnames: readonly string[]) => ({
  port: 8443,
  protocol: 'HTTPS',
  tls: { certificates: [{ secret, hostnames }] },
});
const config = configOf({
  secrets: {
    shop: { tls: { certificate: 'shop.crt', privateKey: 'shop.key' } },
    spare: { value: { path: 'spare' } },
    token: { value: { path: 'token' } },
  },
  sources: { dc: { consul: { address: 'http://127.0.0.1:8500', token: { secret: 'token' } } } },
  listeners: { public: listener('shop', ['shop.example.com', 'www.example.org']) },
  groups: { edge: { listeners: ['public'] }, core: { listeners: [] } },
});

const BASE = {
  store: 'file',
  state: 'ok',
  problem: undefined,
  warnings: [],
  alarm: 'none',
  failures: 0,
} as const;
const TIMES = { lastRead: NOON, lastSuccess: NOON, nextAttempt: NOON + 60_000 };
const STATUS: readonly SecretStatus[] = [
  {
    ...BASE,
    ...TIMES,
    name: 'shop',
    kind: 'tls',
    version: 'a1b2c3',
    notAfter: NOON + 86_400_000,
    alarm: 'page',
  },
  { ...BASE, ...TIMES, name: 'spare', kind: 'value', version: 'x'.repeat(64), notAfter: undefined },
  {
    ...{ ...BASE, ...TIMES, name: 'token', kind: 'value', version: undefined, notAfter: undefined },
    ...{ state: 'absent', problem: 'secret "token": no such file', failures: 4 },
  },
];
const SERVED: CheckedSecret = {
  ...{
    kind: 'tls',
    version: 'v',
    certificateChain: Buffer.from(MARKER),
    privateKey: SecretBytes.fromUtf8(MARKER),
  },
  ...{ notAfter: NOON + 86_400_000, names: ['*.example.com'] },
};

function stream(id: string, key: string, peer: { loopback: boolean; encrypted: boolean }): StreamStatus {
  const node = {
    id,
    cluster: key,
    region: '',
    zone: '',
    subZone: '',
    metadata: {},
    userAgentName: '',
    userAgentVersion: '',
    clientFeatures: [],
  };
  const whole = { ...peer, address: '10.0.0.1', uriSans: [] };
  return {
    stream: { id: 1, node, peer: whole, variant: 'delta', typeUrl: '', key, connectedAt: NOON },
    types: [],
  };
}

const MTLS = { loopback: false, encrypted: true };
const parts = {
  config,
  secrets: {
    status: () => STATUS,
    served: (name: string) => (name === 'shop' ? SERVED : undefined),
    update: () => {},
  },
  server: {
    streams: () => [
      stream('n1', 'edge', MTLS),
      stream('n1', 'edge', MTLS),
      stream('n2', 'edge', MTLS),
      stream('plain', 'edge', { loopback: false, encrypted: false }),
      stream('other', 'core', MTLS),
    ],
  },
};

async function run(...args: readonly string[]) {
  const view = {
    secrets: () => secretsOf(parts),
    explainSecret: (name: string) => explainSecretOf(parts, name),
  };
  const api = await createApi({ ...fakeParts(view), logger: pino({ level: 'silent' }) });
  open.push(api);
  const address = await api.listen({ host: '127.0.0.1', port: 0 });
  return runInProcess(...args, '--api', address);
}

describe('muster secrets', () => {
  it('shows store, state, version, end, reads, nodes and what is wrong; never a value', async () => {
    const { code, out } = await run('secrets');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^shop +tls +file +ok, ends soon +a1b2c3 +2026-11-22 12:00 +12:00:00Z +12:01:00Z +2 +the listener "public" serves it for www\.example\.org, and it is for \*\.example\.com/m,
    );
    expect(out).toMatch(/^spare +value +file +ok +x{13}… +12:00:00Z +12:01:00Z +0/m);
    expect(out).toMatch(/^token +value +file +absent .* 0 +no such file$/m);
    expect(out).not.toContain(MARKER);
  });

  it('as JSON: everything, for programs', async () => {
    const { out } = await run('secrets', '-o', 'json');
    expect(JSON.parse(out).secrets[0]).toMatchObject({
      name: 'shop',
      groups: ['edge'],
      nodes: 2,
      alarm: 'page',
    });
    expect(out).not.toContain(MARKER);
  });
});

describe('muster explain secret/…', () => {
  it('says who uses it, who may have it, and where it comes from', async () => {
    const { code, out } = await run('explain', 'secret/shop');
    expect(code).toBe(0);
    expect(out).toMatch(/^secret shop \(c\.yaml:\d+\): tls, ok, ends soon, from the store file \(file\)$/m);
    expect(out).toMatch(/^ {2}certificate: "shop\.crt"$/m);
    expect(out).toMatch(/^ {2}listeners\/public tls\.certificates\[0\]\.secret \(c\.yaml:\d+\)$/m);
    expect(out).toMatch(/^ {2}group edge by public: 2 nodes \(n1, n2\)$/m);
    expect(out).toMatch(/^ {4}withheld from plain: plaintext from beyond loopback$/m);
    expect(out).not.toContain('other');
    expect(out).not.toContain(MARKER);
  });

  it('a secret of muster itself, and one that nobody uses', async () => {
    expect((await run('explain', 'secret/token')).out).toMatch(
      /nobody else\n {2}muster itself, to log in\n$/,
    );
    expect((await run('explain', 'secret/spare')).out).toContain('Nothing in the config uses it');
  });

  it('an unknown one, and another kind of thing, in words', async () => {
    const { code, err } = await run('explain', 'secret/shpo');
    expect([code, err]).toEqual([1, expect.stringContaining('no secret "shpo"; did you mean "shop"?')]);
    expect((await run('explain', 'shop')).err).toContain('write service/NAME or secret/NAME');
  });
});
