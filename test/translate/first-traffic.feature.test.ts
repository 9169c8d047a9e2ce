import { get, type IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEcho, type Upstream } from '../parts/http.ts';
import { freePort } from '../parts/ports.ts';
import { requestOnce } from '../parts/requests.ts';
import { openWebSocket, startWebSocketEcho } from '../parts/websocket.ts';
import { configFrom } from './config.ts';
import { type EnvoyWith, startEnvoyWith } from './envoy-with.ts';

let upstream: Upstream;
let sockets: Upstream;
let running: EnvoyWith;
let url: string;

beforeAll(async () => {
  upstream = await startEcho({ name: 'hello' });
  sockets = await startWebSocketEcho();
  const config = configFrom(`
services: { hello: { endpoints: ["127.0.0.1:${upstream.port}"] }, sockets: { endpoints: ["127.0.0.1:${sockets.port}"] } }
listeners: { web: { port: ${await freePort()}, address: 127.0.0.1 } }
httpRoutes: { hello: { listeners: [web], rules: [ { backends: [ { service: hello } ] }, { matches: [ { path: { type: PathPrefix, value: /ws } } ], backends: [ { service: sockets } ] }, { matches: [ { path: { type: PathPrefix, value: /private } } ], filters: [ { directResponse: { status: 403 } } ] } ] } }
groups: { edge: { listeners: [web] } }
`);
  running = await startEnvoyWith(config);
  url = `http://127.0.0.1:${await running.port('web')}`;
});

afterAll(async () => {
  await running?.stop();
  await upstream?.stop();
  await sockets?.stop();
});

test('the smallest config reaches its upstream', async () => {
  const answer = await requestOnce({ url: `${url}/a?b=c` });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ name: 'hello', path: '/a?b=c' });
  expect(running.problems).toEqual([]);
});

test('a WebSocket passes', async () => {
  const socket = await openWebSocket(`${url.replace('http', 'ws')}/ws`);
  expect(await socket.echo('hello')).toBe('hello');
  await socket.close();
});

test('paths are normalised before they are matched, so no spelling slips past a prefix', async () => {
  for (const path of ['/private', '//private', '/x/../private/y', '/./private', '/%70rivate']) {
    expect((await askRaw(path)).status, path).toBe(403);
  }
  const escaped = await askRaw('/a%2Fb');
  expect([escaped.status, escaped.headers.location]).toEqual([307, '/a/b']);
});

/** The path as it is: a URL would be normalised before it is sent. */
function askRaw(path: string): Promise<{ status: number; headers: IncomingHttpHeaders }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port: new URL(url).port, path, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    }).on('error', reject);
  });
}
