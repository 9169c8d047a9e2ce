import { createPrivateKey } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runInProcess } from '../cli/in-process.ts';
import { requestOnce } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { filesUnder, formsOfKey, formsOfText, found } from './leaks.ts';
import { certificateOf, derOf } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica, type TestReplica } from './replica.ts';
import { HOST, startSourced } from './sourced.ts';
import { createWorkspace } from './workspace.ts';

const MARKER = 'marker-4c1f7d0e-of-a-secret-value';

async function answers(replica: TestReplica): Promise<ReadonlyMap<string, Buffer>> {
  const paths = [
    '/v1/status',
    '/v1/nodes',
    '/v1/groups/edge/snapshot',
    '/metrics',
    '/readyz',
    '/openapi.json',
  ];
  const one = async (path: string): Promise<readonly [string, Buffer]> => {
    const { status, body } = await requestOnce({ url: `${replica.api}${path}` });
    expect(status, path).toBe(200);
    return [`GET ${path}`, Buffer.from(body)];
  };
  return new Map(await Promise.all(paths.map(one)));
}

async function commands(replica: TestReplica, config: string): Promise<ReadonlyMap<string, Buffer>> {
  const api = ['--api', replica.api];
  const lines = [
    ['status', ...api],
    ['status', '-o', 'json', ...api],
    ['nodes', '-o', 'yaml', ...api],
    ['dump', '--group', 'edge', ...api],
    ['render', config, '--group', 'edge'],
    ['validate', config],
  ];
  const texts = new Map<string, Buffer>();
  for (const line of lines) {
    const { out, err, code } = await runInProcess(...line);
    expect([code, err], line.join(' ')).toEqual([0, expect.any(String)]);
    texts.set(line.slice(0, 3).join(' '), Buffer.from(out + err));
  }
  return texts;
}

test('P5: the bytes of a secret are in no log, state, answer, metric, dump or output; only Envoy gets them', async () => {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  const { pair } = sourced;
  await writeFile(join(workspace.dir, 'token'), MARKER);
  const token = { token: { value: { path: join(workspace.dir, 'token') } } };
  await workspace.put('more.yaml', JSON.stringify({ secrets: token }));
  await sourced.write([sourced.ports[0]]);
  const first = await pair.rotate();
  const replica = await startReplica(workspace, { settings: { logLevel: 'trace' } });
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  const shown = { port: sourced.https, servername: HOST, ca: pair.ca };
  await until('the certificate', async () => (await certificateOf(shown)) === derOf(first.chain));

  // Bad pairs: their keys pass through the code that complains.
  const [mine, other] = [await pair.make(), await pair.make()];
  await pair.write({ chain: mine.chain, privateKey: other.privateKey });
  await untilProblem(replica, 'do not belong');
  const cut = other.privateKey.slice(0, other.privateKey.indexOf('-----END'));
  await pair.write({ chain: other.chain, privateKey: cut });
  await untilProblem(replica, 'cut off');
  await pair.write({ chain: other.privateKey, privateKey: other.privateKey });
  await untilProblem(replica, 'no CERTIFICATE');
  const last = await pair.rotate();
  await until('the last certificate', async () => (await certificateOf(shown)) === derOf(last.chain));

  const forms = [first, other, last].flatMap(({ privateKey }) => formsOfKey(privateKey));
  const all = [...forms, ...formsOfText(MARKER)];
  const seen = new Map([...(await answers(replica)), ...(await commands(replica, workspace.config))]);
  await replica.stop();
  const written = await filesUnder(workspace.state);
  expect(written.size).toBeGreaterThan(0);
  const log = new Map([['the log', Buffer.from(replica.log())]]);
  expect(found(new Map([...seen, ...written, ...log]), all)).toEqual([]);

  // The search finds what there is to find: the key file itself, however it is written.
  const key = Buffer.from(last.privateKey);
  const json = Buffer.from(JSON.stringify({ key: last.privateKey }));
  const der = createPrivateKey(last.privateKey).export({ format: 'der', type: 'pkcs8' });
  const plain = new Map([
    ['pem', key],
    ['json', json],
    ['der', der],
    ['text', Buffer.from(`x${MARKER}`)],
  ]);
  expect(found(plain, all)).toEqual(['pem', 'json', 'der', 'text']);
});

async function untilProblem(replica: TestReplica, words: string): Promise<void> {
  await until(`the problem "${words}"`, async () => {
    const { secrets } = await replica.status();
    return secrets.some(({ error }) => error?.includes(words));
  });
}
