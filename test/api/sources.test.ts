import { pino } from 'pino';
import { afterEach, describe, expect, it, test } from 'vitest';
import { createApi } from '../../src/api/create-api.ts';
import type { ReplicaActions } from '../../src/api/ports.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { createSourceView } from '../../src/serve/source-view.ts';
import { CONFIG, fakeWorld, instance, scopeStatus, seenInstance } from '../serve/fake-world.ts';
import { fakeParts, MARKER } from './fake-view.ts';

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((app) => app.close()));
});

const SEEN = ['1', '2', '3'].map((id) =>
  seenInstance(id, { seen: instance(id, { labels: { 'file.service': 'web', n: id } }) }),
);

const released: string[] = [];
const actions: ReplicaActions = {
  release: (source, scope) => {
    if (source !== 'vms') return { unknown: `no source "${source}"; did you mean "vms"?` };
    released.push(scope);
    const message = '3 instances are no longer served';
    return { found: { source, scope, released: true, instances: 3, services: [], message } };
  },
};

async function api(options: Partial<Parameters<typeof createApi>[0]> = {}) {
  released.length = 0;
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(line) });
  const world = fakeWorld({ scopes: { vms: [scopeStatus()] }, seen: SEEN });
  const parts = fakeParts(createSourceView({ config: CONFIG, world }));
  const app = await createApi({ ...parts, actions, logger, ...options });
  open.push(app);
  return { app, lines };
}

describe('GET /v1/sources', () => {
  it('SRC16: shows every source with its state and its scopes', async () => {
    const { app } = await api();
    const answer = (await app.inject('/v1/sources')).json();
    expect(answer.sources.map(({ name, state }: Record<string, string>) => `${name} ${state}`)).toEqual([
      'spare unused',
      'vms ok',
    ]);
    expect(answer.sources[1].scopes[0]).toMatchObject({ scope: 'a.yaml', state: 'ok', failures: 0 });
    const one = (await app.inject('/v1/sources?source=vms&limit=0')).json();
    expect(one.sources).toMatchObject([{ name: 'vms', scopes: [], left: 1 }]);
  });

  it.each([
    ['/v1/sources?source=vns', 404, 'did you mean \\"vms\\"?'],
    ['/v1/sources?limit=-1', 400, 'limit'],
    ['/v1/sources?limt=1', 400, 'limt'],
    ['/v1/sources?source=a&source=b', 400, 'source'],
    ['/v1/instances?limit=1001', 400, 'limit'],
    ['/v1/instances?limit=many', 400, 'limit'],
    ['/v1/instances?source=vns', 404, 'did you mean \\"vms\\"?'],
    ['/v1/instances?scope=b.yaml', 404, 'did you mean \\"a.yaml\\"?'],
    ['/v1/instances?service=wob', 404, 'did you mean \\"web\\"?'],
    ['/v1/explain/service/wob', 404, 'did you mean \\"web\\"?'],
  ])('refuses %s with %i and a hint', async (url, code, hint) => {
    const answer = await (await api()).app.inject(url);
    expect(answer.statusCode).toBe(code);
    expect(answer.body).toContain(hint);
  });
});

test('GET /v1/instances gives a page and the number of the rest', async () => {
  const answer = (await (await api()).app.inject('/v1/instances?source=vms&limit=1&offset=1')).json();
  expect(answer).toMatchObject({ total: 3, offset: 1, left: 1, instances: [{ seen: { id: '2' } }] });
});

describe('POST /v1/sources/{source}/release', () => {
  const post = (
    app: Awaited<ReturnType<typeof api>>['app'],
    { source = 'vms', headers = {}, payload = { scope: '1/eu' } as object | string } = {},
  ) => app.inject({ method: 'POST', url: `/v1/sources/${source}/release`, payload, headers });

  it('releases, says what it did, and logs who asked', async () => {
    const { app, lines } = await api();
    const answer = await post(app, { headers: { 'user-agent': 'curl/8' } });
    expect([answer.statusCode, answer.json().message]).toEqual([200, '3 instances are no longer served']);
    expect(released).toEqual(['1/eu']);
    expect(JSON.parse(lines.join(''))).toMatchObject({
      ...{ action: 'source release', source: 'vms', scope: '1/eu', released: true, instances: 3 },
      by: { address: '127.0.0.1', agent: 'curl/8' },
      msg: 'a held shrink was released by hand',
    });
  });

  it('answers 404 for a source that is none', async () => {
    const answer = await post((await api()).app, { source: 'vns' });
    expect([answer.statusCode, answer.json().error.code]).toEqual([404, 'not_found']);
  });

  it.each([
    ['another site by Origin', { origin: 'https://evil.example' }, 403],
    ['another site by what the browser says', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a foreign Host', { host: 'evil.example' }, 403],
    ['plain text, which any page may send', { 'content-type': 'text/plain' }, 415],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ])('BAD11: refuses %s and does nothing', async (_case, headers, code) => {
    const { app, lines } = await api();
    const answer = await post(app, { headers, payload: '{"scope":"1/eu"}' });
    expect(answer.statusCode).toBe(code);
    expect([released, lines]).toEqual([[], []]);
  });

  it('asks for the token when there is one, and never shows it', async () => {
    const { app, lines } = await api({ token: SecretBytes.fromUtf8(MARKER) });
    expect((await post(app)).statusCode).toBe(401);
    expect((await post(app, { headers: { authorization: 'Bearer no' } })).statusCode).toBe(401);
    expect(released).toEqual([]);
    expect((await post(app, { headers: { authorization: `Bearer ${MARKER}` } })).statusCode).toBe(200);
    expect(lines.join('')).not.toContain(MARKER);
  });

  it.each([[{}], [{ scope: 1 }], [{ scope: 'a', more: 1 }], ['[]'], ['{'], ['']])(
    'refuses the body %j in words',
    async (payload) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await post((await api()).app, { payload, headers });
      expect(answer.statusCode).toBe(400);
      expect(answer.json().error.message).not.toBe('');
      expect(released).toEqual([]);
    },
  );

  it('is nothing that a GET can do', async () => {
    const { app } = await api();
    expect((await app.inject('/v1/sources/vms/release')).statusCode).toBe(404);
    expect(released).toEqual([]);
  });
});

describe('POST /v1/relabel', () => {
  const post = async (payload: object) =>
    (await api()).app.inject({ method: 'POST', url: '/v1/relabel', payload });
  const drop = { source_labels: ['n'], regex: '2', action: 'drop' };
  const copy = { source_labels: ['n'], target_label: 'copy' };

  it('SRC12: shows what rules would do to what the source sees now, rule by rule', async () => {
    const answer = await post({ source: 'vms', rules: [copy, drop], limit: 2 });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ source: 'vms', looked: 3, left: 0, changed: 2, dropped: 1 });
    const [one, two, ...others] = answer.json().instances;
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      ...{ id: '1', before: { n: '1' }, after: { n: '1', copy: '1' } },
      steps: [{ rule: 1, action: 'replace', changes: [{ label: 'copy', after: '1' }] }],
    });
    expect(two.steps).toMatchObject([{ rule: 1 }, { rule: 2, action: 'drop', dropped: two.dropped }]);
    expect(two).not.toHaveProperty('after');
  });

  it('takes as many and as long rules as a config', async () => {
    const long = { ...copy, replacement: 'x'.repeat(1_024) };
    const answer = await post({ source: 'vms', rules: Array.from({ length: 64 }, () => long), limit: 0 });
    expect(answer.json()).toMatchObject({ looked: 3, changed: 3, instances: [] });
  });

  it.each([
    [{ source: 'vns', rules: [] }, 404, 'did you mean \\"vms\\"?'],
    [{ source: 'vms', rules: [{ action: 'kepp' }] }, 400, 'action'],
    [{ source: 'vms', rules: [{ ...drop, regex: '(' }] }, 400, 'regex'],
    [{ source: 'vms', rules: [{ action: 'drop' }] }, 400, 'source_labels'],
    [{ source: 'vms', rules: Array.from({ length: 65 }, () => copy) }, 400, 'rules'],
    [{ source: 'vms' }, 400, 'rules'],
  ])('refuses %j in words', async (payload, code, words) => {
    const answer = await post(payload);
    expect(answer.statusCode).toBe(code);
    expect(answer.body).toContain(words);
  });
});
