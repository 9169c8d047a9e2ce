import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { rawClient } from '../raw-client.ts';
import { DELTA, NODE, SOTW } from '../server/fixture.ts';

const EXAMPLE = fileURLToPath(new URL('../../../examples/xds-library/server.ts', import.meta.url));

describe('examples/xds-library', () => {
  it('serves raw resources under labels of its own, in 20 lines', async () => {
    const lines = (await readFile(EXAMPLE, 'utf8')).trimEnd().split('\n');
    expect(lines.filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(20);

    const child = spawn(process.execPath, [EXAMPLE, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    const port = Number(await until('its port', () => /listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1]));
    await until('what it reads back', () => output.includes("release-7 [ 'hello' ]"));

    const client = rawClient(port);
    onTestFinished(() => client.close());
    const sotw = client.stream(SOTW);
    sotw.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    const first = await sotw.next();
    expect(first).toMatchObject({ names: ['hello'], versionInfo: 'release-7' });
    sotw.send({ typeUrl: TYPE_URL.cluster, responseNonce: first.nonce, versionInfo: first.versionInfo });
    await until('the ACK in its log', () => output.includes(`n1 ack ${TYPE_URL.cluster} release-7`));

    const delta = client.stream(DELTA);
    delta.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    const second = await delta.next();
    expect(second.systemVersionInfo).toBe('release-7');
    // Resource versions are content hashes whatever the label of the type is.
    expect(second.versions['hello']).toMatch(/^[0-9a-f]{32}$/);
    delta.send({ typeUrl: TYPE_URL.endpoint, resourceNamesSubscribe: ['hello'] });
    expect((await delta.next()).systemVersionInfo).toMatch(/^[0-9a-f]{32}$/);

    child.kill('SIGTERM');
    expect((await delta.status).code).toBe(0);
    expect(await ended).toBe(0);
  });
});
