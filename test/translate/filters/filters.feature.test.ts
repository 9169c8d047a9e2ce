import { afterEach, expect, test } from 'vitest';
import { type GoldenEnvoy, startGolden } from '../golden-envoy.ts';

/** Every golden pair of a filter, checked by requests through a real Envoy. */
let running: GoldenEnvoy | undefined;

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

test('cors/policies: preflights are answered at the edge, by the policy of their route', async () => {
  running = await startGolden('filters/cors/policies');
  const ask = running.ask;
  const preflight = (path: string, origin: string, method = 'POST') => {
    const wanted = { 'access-control-request-method': method, 'access-control-request-headers': 'x-a' };
    return ask(path, { method: 'OPTIONS', headers: { origin, ...wanted } });
  };

  const listed = await preflight('/listed', 'https://a.b.example.org');
  expect(listed.status).toBe(200);
  expect(listed.body).toBe('');
  expect(listed.headers).toMatchObject({
    'access-control-allow-origin': 'https://a.b.example.org',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'x-token',
    'access-control-max-age': '5400',
  });
  const stranger = await preflight('/listed', 'https://evil.test/.example.org');
  expect(stranger.headers['access-control-allow-origin']).toBeUndefined();
  expect(stranger.body).toBe('');

  const simple = await ask('/listed', { headers: { origin: 'https://app.example.com' } });
  expect(simple.status).toBe(200);
  expect(simple.headers).toMatchObject({
    'access-control-allow-origin': 'https://app.example.com',
    'access-control-expose-headers': 'x-trace',
  });

  expect((await preflight('/any', 'https://who.test')).headers).toMatchObject({
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'x-a',
  });
  expect((await preflight('/credentials', 'https://who.test')).headers).toMatchObject({
    'access-control-allow-origin': 'https://who.test',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST',
  });
  const put = await preflight('/put', 'https://app.example.com', 'PUT');
  expect(put.headers['access-control-allow-origin']).toBe('https://app.example.com');
  expect((await preflight('/put', 'https://app.example.com')).status).toBe(404);
  const plain = await preflight('/plain', 'https://app.example.com');
  expect(plain.headers['access-control-allow-origin']).toBeUndefined();
  expect(JSON.parse(plain.body)).toMatchObject({ method: 'OPTIONS' });
});

test('direct-response/answers: status, body and content type without an upstream', async () => {
  running = await startGolden('filters/direct-response/answers');
  const gone = await running.ask('/gone');
  expect([gone.status, gone.body]).toEqual([410, '']);
  const json = await running.ask('/json');
  expect([json.status, json.body, json.headers['content-type']]).toEqual([
    200,
    '{"a": "100%"}',
    'application/json',
  ]);
  expect((await running.ask('/else')).status).toBe(404);
});

test('request-header-modifier/edits: set, add, remove; values are literal', async () => {
  running = await startGolden('filters/request-header-modifier/edits');
  const sent = { 'x-set': 'old', 'x-add': 'first', 'x-drop': 'away', 'x-secret': 's' };
  const { headers } = await running.seen('/edit', { headers: sent });
  expect(headers).toMatchObject({ 'x-set': '50% %REQ(x-secret)%', 'x-empty': '', 'x-add': 'first, second' });
  expect(Object.keys(headers)).not.toContain('x-drop');
  expect(Object.keys(headers)).not.toContain('x-everywhere');
  expect((await running.seen('/other')).headers).toMatchObject({ 'x-everywhere': 'route' });
});

test('response-header-modifier/edits: set, add, remove', async () => {
  const answer = () => ({ headers: { 'x-upstream': 'old', 'x-more': 'a', 'x-drop': 'away' } });
  running = await startGolden('filters/response-header-modifier/edits', { 9000: answer });
  const { headers } = await running.ask('/');
  expect(headers).toMatchObject({ 'x-upstream': 'set', 'x-more': 'a, b' });
  expect(headers['x-drop']).toBeUndefined();
});

test('request-redirect/targets: scheme, hostname, port, path and status', async () => {
  running = await startGolden('filters/request-redirect/targets');
  const { ask } = running;
  const location = async (path: string, host: string): Promise<unknown[]> => {
    const answer = await ask(path, { headers: { host } });
    return [answer.status, answer.headers.location];
  };
  expect(await location('/scheme/a?b=c', 'any.test:10000')).toEqual([
    302,
    'https://any.test:443/scheme/a?b=c',
  ]);
  expect(await location('/scheme', 'named.example.com:10000')).toEqual([
    301,
    'https://named.example.com/scheme',
  ]);
  expect(await location('/hostname', 'any.test')).toEqual([
    301,
    `http://other.example.com:${running.port}/hostname`,
  ]);
  expect(await location('/port', 'any.test:10000')).toEqual([307, 'https://any.test:8443/port']);
  expect(await location('/full/x?q=1', 'any.test:81')).toEqual([308, 'http://any.test:81/new?q=1']);
  expect(await location('/prefix/x', 'any.test')).toEqual([303, 'http://any.test/to/x']);
  expect(await location('/strip/x', 'any.test')).toEqual([302, 'http://any.test/x']);
  expect(await location('/strip', 'any.test')).toEqual([302, 'http://any.test/']);
});

test("url-rewrite/paths: Gateway API's table of slashes", async () => {
  running = await startGolden('filters/url-rewrite/paths');
  const { seen } = running;
  const rewritten: Record<string, string> = {
    '/foo/bar?q=1': '/xyz/bar?q=1',
    '/foo/': '/xyz/',
    '/foo': '/xyz',
    '/foobar': '/all/foobar',
    '/root.d/bar': '/bar',
    '/root.d/': '/',
    '/root.d': '/',
    '/root.d?q=1': '/?q=1',
    '/rootxd/bar': '/all/rootxd/bar',
    '/empty/bar': '/bar',
    '/empty': '/',
    '/exact': '/other',
    '/full/x/y?q=1': '/a\\1b?q=1',
    '/': '/all/',
  };
  const results = await Promise.all(
    Object.keys(rewritten).map(async (path) => [path, (await seen(path)).path] as const),
  );
  expect(Object.fromEntries(results)).toEqual(rewritten);
  expect((await seen('/full')).headers['host']).toBe('up.example.com');
  expect((await running.ask('/regex/7')).status).toBe(500);
});
