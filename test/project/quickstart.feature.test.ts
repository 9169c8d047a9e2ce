import { readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../parts/ports.ts';
import { requestOnce, steadyRequests } from '../parts/requests.ts';
import { until } from '../parts/until.ts';
import { type Quickstart, runStart, startQuickstart } from './quickstart.ts';

let quickstart: Quickstart | undefined;
afterEach(async () => {
  await quickstart?.stop();
  quickstart = undefined;
});

async function answeringPorts(url: string, requests = 8): Promise<Set<string>> {
  const bodies = await Promise.all(Array.from({ length: requests }, () => requestOnce({ url })));
  return new Set(bodies.map(({ body }) => /on port (\d+)/.exec(body)?.[1] ?? body));
}

test('npm start serves the example; an edit changes the traffic within a second and fails no request', async () => {
  const running = await startQuickstart();
  quickstart = running;
  const url = `http://127.0.0.1:${running.port(10000)}/`;
  const [first, second] = [String(running.port(9000)), String(running.port(9001))];
  await until('both upstreams to answer', async () => (await answeringPorts(url)).size === 2);
  const load = steadyRequests({ url, ratePerSecond: 100 });
  const before = await readFile(running.file, 'utf8');
  await writeFile(`${running.file}.new`, before.replace(`, "127.0.0.1:${second}"`, ''));
  const edited = performance.now();
  await rename(`${running.file}.new`, running.file);
  const onlyFirst = async (): Promise<boolean> => {
    const ports = await answeringPorts(url);
    return ports.size === 1 && ports.has(first);
  };
  await until('only the first upstream to answer', onlyFirst, { timeoutMs: 5_000 });
  expect(performance.now() - edited).toBeLessThan(1_000);
  const result = await load.stop();
  expect(result).toMatchObject({ failed: 0, errors: new Map() });
  expect(result.ok).toBeGreaterThan(0);
});

test('Ctrl-C, pressed twice, stops every process and ends with 0', async () => {
  const running = await startQuickstart();
  quickstart = running;
  running.signal('SIGINT');
  running.signal('SIGINT');
  await until('npm start to end', () => running.exitCode() !== null, { timeoutMs: 20_000 });
  expect(running.exitCode()).toBe(0);
  for (const documented of [9000, 9001, 10000, 18000, 18080, 19000]) {
    await expect(requestOnce({ url: `http://127.0.0.1:${running.port(documented)}/` })).rejects.toThrow(
      'ECONNREFUSED',
    );
  }
});

test('a port in use: one line that says which, by what, and what to do', async () => {
  const server = createServer();
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    const { code, output } = await runStart(['--xds', String(port)]);
    expect(code).toBe(1);
    expect(output).toBe(
      `port ${port} (muster's xDS) is in use: stop what listens there, or run \`npm start -- --xds PORT\`\n`,
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test.each([
  [['--xds', '70000'], /^--xds wants a port between 1 and 65535, not "70000"\n$/],
  [['--nonsense'], /--nonsense[\s\S]*Usage: npm start/],
  [['--config', '/nowhere'], /^--config \/nowhere cannot be read: .*\n$/],
])('%j is refused in words', async (args, words) => {
  const { code, output } = await runStart(args);
  expect(code).toBe(1);
  expect(output).toMatch(words);
  expect(output).not.toMatch(/^\s+at /m);
});
