import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEcho, type Upstream } from '../parts/http.ts';
import { requestOnce } from '../parts/requests.ts';
import { configFrom } from './config.ts';
import { type EnvoyWith, startEnvoyWith } from './envoy-with.ts';

let upstream: Upstream;
let running: EnvoyWith;
let url: string;

beforeAll(async () => {
  upstream = await startEcho({ name: 'hello' });
  const config = configFrom(`
services: { hello: { endpoints: ["127.0.0.1:${upstream.port}"] } }
listeners: { web: {} }
httpRoutes: { hello: { listeners: [web], rules: [ { backends: [ { service: hello } ] } ] } }
groups: { edge: { listeners: [web] } }
`);
  running = await startEnvoyWith(config);
  url = `http://127.0.0.1:${await running.port('web')}`;
});

afterAll(async () => {
  await running?.stop();
  await upstream?.stop();
});

test('the smallest config reaches its upstream', async () => {
  const answer = await requestOnce({ url: `${url}/a?b=c` });
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({ name: 'hello', path: '/a?b=c' });
  expect(running.problems).toEqual([]);
});
