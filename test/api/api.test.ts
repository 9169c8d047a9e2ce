import { pino } from 'pino';
import { Counter } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/create-api.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { fakeParts, MARKER, NODES, STATUS } from './fake-view.ts';

const open: { close(): Promise<unknown> }[] = [];
const logLines: string[] = [];

async function api(options: Partial<Parameters<typeof createApi>[0]> = {}) {
  const logger = pino({ level: 'trace' }, { write: (line: string) => logLines.push(line) });
  const app = await createApi({ ...fakeParts(), logger, ...options });
  open.push(app);
  return app;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

describe('the HTTP API', () => {
  it('answers /healthz', async () => {
    const answer = await (await api()).inject('/healthz');
    expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('answers /readyz with 503 and the reasons until every group has a snapshot', async () => {
    const waiting = { ready: false, reasons: ['group edge has no snapshot yet'] };
    const answer = await (await api(fakeParts({ ready: () => waiting }))).inject('/readyz');
    expect([answer.statusCode, answer.json()]).toEqual([503, waiting]);
    const ready = await (await api()).inject('/readyz');
    expect(ready.statusCode).toBe(200);
  });

  it('gives the metrics of the registry it was handed', async () => {
    const parts = fakeParts();
    new Counter({ name: 'muster_test_total', help: 'x', registers: [parts.metrics] }).inc(3);
    const answer = await (await api(parts)).inject('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain');
    expect(answer.body).toContain('muster_test_total 3\n');
  });

  it('shows status with a bad edit as file and line', async () => {
    const answer = await (await api()).inject('/v1/status');
    expect(answer.json()).toEqual(STATUS);
    const problems = await (await api()).inject('/v1/config/problems');
    expect(problems.json()).toEqual({ problems: STATUS.config.problems });
  });

  it('shows nodes, what they refused, and the nodes turned away', async () => {
    const answer = (await (await api()).inject('/v1/nodes')).json();
    expect(answer.nodes).toEqual(NODES);
    expect(answer.refused).toMatchObject([{ id: 'n9', reason: 'no group matches', count: 3 }]);
  });

  it('keeps control characters of a node id inside JSON strings', async () => {
    const id = 'n\u001b[31m\n\u0000\u2028';
    const refused = () => [{ id, address: 'x', reason: 'bad id', at: STATUS.started, count: 1 }];
    const answer = await (await api(fakeParts({ refused }))).inject('/v1/nodes');
    expect(answer.body).not.toContain('\u001b');
    expect(answer.json().refused[0].id).toBe(id);
  });
});

describe('/v1/groups/{name}/snapshot', () => {
  it('gives the resources with every secret byte redacted', async () => {
    const answer = await (await api()).inject('/v1/groups/edge/snapshot');
    expect(answer.statusCode).toBe(200);
    expect(answer.body).not.toContain(MARKER);
    expect(answer.json().resources[1].resource.tlsCertificate).toEqual({
      certificateChain: { inlineBytes: 'UFVCTElD' },
      privateKey: { inlineBytes: '[redacted]' },
      password: { inlineString: '[redacted]' },
    });
  });

  it.each(['cluster', 'type.googleapis.com/envoy.config.cluster.v3.Cluster'])(
    'narrows to ?type=%s',
    async (type) => {
      const answer = await (await api()).inject({ url: '/v1/groups/edge/snapshot', query: { type } });
      expect(answer.json().resources.map((entry: { name: string }) => entry.name)).toEqual(['checkout']);
    },
  );

  it.each(['clusters', '__proto__', 'constructor'])('refuses ?type=%s in words', async (type) => {
    const answer = await (await api()).inject({ url: '/v1/groups/edge/snapshot', query: { type } });
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.message).toContain('write one of cluster, secret');
  });

  it('says which groups there are when the name is none', async () => {
    const answer = await (await api()).inject('/v1/groups/egde/snapshot');
    expect(answer.statusCode).toBe(404);
    expect(answer.json().error.message).toBe('no group "egde"; the config has edge');
  });
});

describe('the guard (BAD11)', () => {
  const token = SecretBytes.fromUtf8(MARKER);

  it.each([
    ['a foreign Host', { host: 'evil.example' }],
    ['a Host that only looks like loopback', { host: '127.0.0.1.evil.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['another port as Origin', { host: 'localhost:18080', origin: 'http://localhost:3000' }],
    ['a null Origin', { origin: 'null' }],
    ['a cross-site fetch', { 'sec-fetch-site': 'cross-site' }],
  ])('refuses %s', async (_case, headers) => {
    const answer = await (await api()).inject({ url: '/v1/status', headers });
    expect(answer.statusCode).toBe(403);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['127.0.0.1:18080', 'localhost', '[::1]:18080', '127.8.9.10'])(
    'answers the Host %s',
    async (host) => {
      const answer = await (await api()).inject({ url: '/v1/status', headers: { host } });
      expect(answer.statusCode).toBe(200);
    },
  );

  it('asks for the token, on loopback too, and never shows it', async () => {
    const app = await api({ token });
    const ask = (authorization?: string) =>
      app.inject({ url: '/v1/status', headers: authorization === undefined ? {} : { authorization } });
    expect((await ask()).statusCode).toBe(401);
    expect((await ask('Bearer wrong')).statusCode).toBe(401);
    expect((await ask(`Bearer ${MARKER}x`)).statusCode).toBe(401);
    expect((await ask(`Bearer ${MARKER}`)).statusCode).toBe(200);
    expect(logLines.join('')).not.toContain(MARKER);
  });

  it('answers health without the token, metrics and the description only with it', async () => {
    const app = await api({ token });
    const codes = await Promise.all(
      ['/healthz', '/readyz', '/metrics', '/openapi.json', '/nowhere'].map(
        async (url) => (await app.inject({ url, headers: { host: 'muster.internal' } })).statusCode,
      ),
    );
    expect(codes).toEqual([200, 200, 401, 401, 401]);
  });

  it('has nothing to write to: other methods find no page', async () => {
    const app = await api();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'] as const) {
      expect((await app.inject({ method, url: '/v1/status' })).statusCode).toBe(404);
    }
  });
});

describe('failures', () => {
  it('hides what failed inside and logs it', async () => {
    const status = () => {
      throw new Error(`boom at ${MARKER}`);
    };
    const logger = pino({ level: 'silent' });
    const answer = await (await api({ ...fakeParts({ status }), logger })).inject('/v1/status');
    expect([answer.statusCode, answer.json().error.code]).toEqual([500, 'internal']);
    expect(answer.body).not.toContain('boom');
  });
});
