import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApi } from '../../src/api/create-api.ts';
import type { ReplicaView } from '../../src/api/ports.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { fakeParts, MARKER, STATUS } from '../api/fake-view.ts';
import { runInProcess } from './in-process.ts';

const open: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function startApi(changes: Partial<ReplicaView> = {}, token?: SecretBytes): Promise<string> {
  const api = await createApi({ ...fakeParts(changes), logger: pino({ level: 'silent' }), token });
  open.push(api);
  return api.listen({ host: '127.0.0.1', port: 0 });
}

describe('muster status', () => {
  it('is tables for people, with a bad edit as file and line', async () => {
    const { code, out } = await runInProcess('status', '--api', await startApi());
    expect(code).toBe(0);
    expect(out).toContain('config /etc/muster/config, revision 7, c0ffee');
    expect(out).toContain(
      '  shop.yaml:12:22: httpRoutes.shop.rules[0].backends[0].service: no such service "chekout"',
    );
    expect(out).toMatch(/^GROUP +REVISION +NODES +IN SYNC +RESOURCES$/m);
    expect(out).toMatch(/^edge +41 +2 +1 +2 cluster, 1 secret$/m);
    expect(out).toMatch(/^legacy +file +\.\/legacy\/b\.yaml +failing +2 +61s +line 3: not YAML$/m);
    expect(out).toMatch(/^shop-tls +tls +ok +2027-01-01/m);
  });

  it('is the whole answer for programs', async () => {
    const api = await startApi();
    expect(JSON.parse((await runInProcess('status', '--api', api, '-o', 'json')).out)).toEqual(STATUS);
    expect(parse((await runInProcess('status', '--api', api, '-o', 'yaml')).out)).toEqual(STATUS);
  });
});

describe('muster nodes', () => {
  it('shows who runs what, what was refused and where it came from, and who was turned away', async () => {
    const { code, out } = await runInProcess('nodes', '--api', await startApi());
    expect(code).toBe(0);
    expect(out).toMatch(/^n1 +edge +127\.0\.0\.1:50001 +1\.40\.0 +delta +in sync/m);
    expect(out).toMatch(/^n2 +edge .* +sotw +refused/m);
    expect(out).toContain(
      'n2 refused Cluster: unknown load balancer\n  from services/checkout (shop.yaml:3)',
    );
    expect(out).toMatch(/^n9 +127\.0\.0\.1:50009 +3 +no group matches$/m);
  });

  it('narrows to a group', async () => {
    const { out } = await runInProcess('nodes', '--api', await startApi(), '--group', 'other', '-o', 'json');
    expect(JSON.parse(out).nodes).toEqual([]);
  });

  it('lets no name steer the terminal', async () => {
    const id = 'n\u001b[31m\u202e\n\u0000';
    const refused = () => [{ id, address: 'x', reason: 'bad', at: STATUS.started, count: 1 }];
    const { out } = await runInProcess('nodes', '--api', await startApi({ refused }));
    expect(out).toContain('n\\u{1b}[31m\\u{202e}\\u{a}\\u{0}');
    for (const character of ['\u001b', '\u0000', '\u202e']) expect(out).not.toContain(character);
  });
});

describe('muster dump', () => {
  it.each(['json', 'yaml'])('gives the snapshot as %s without a secret byte', async (format) => {
    const { code, out } = await runInProcess(
      'dump',
      '--group',
      'edge',
      '--api',
      await startApi(),
      '-o',
      format,
    );
    expect(code).toBe(0);
    expect(out).not.toContain(MARKER);
    expect(parse(out).resources.map(({ name }: { name: string }) => name)).toEqual(['checkout', 'shop-tls']);
  });

  it('narrows to a type', async () => {
    const api = await startApi();
    const { out } = await runInProcess('dump', '--group', 'edge', '--type', 'cluster', '--api', api);
    expect(parse(out).resources).toHaveLength(1);
  });

  it('says which groups there are, exit code 1', async () => {
    const ran = await runInProcess('dump', '--group', 'e/g?e', '--api', await startApi());
    expect(ran).toEqual({ code: 1, out: '', err: 'error: no group "e/g?e"; the config has edge\n' });
  });
});

describe('a live command that cannot get its answer', () => {
  it('says that no muster answers, exit code 3, no stack', async () => {
    const api = await startApi();
    await open.pop()?.close();
    const { code, err } = await runInProcess('status', '--api', api);
    expect(code).toBe(3);
    expect(err).toMatch(
      /^error: no muster answers on http:\/\/127\.0\.0\.1:\d+ \(.+\): start it with "muster serve"/,
    );
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it.each(['<html>', '{}', '{"error":7}'])('knows an answer that is not of muster: %s', async (body) => {
    const server = createServer((_request, response) => void response.end(body)).listen(0, '127.0.0.1');
    open.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, err } = await runInProcess('status', '--api', `http://127.0.0.1:${port}`);
    expect(code).toBe(3);
    expect(err).toContain('is not the API of a muster');
  });

  it('sends the token from its file, and names the option when it is missing', async () => {
    const api = await startApi({}, SecretBytes.fromUtf8(MARKER));
    const without = await runInProcess('status', '--api', api);
    expect(without.code).toBe(1);
    expect(without.err).toContain('--api-token-file');
    const file = join(tmpdir(), `muster-token-${process.pid}`);
    await writeFile(file, `${MARKER}\n`, { mode: 0o600 });
    const ran = await runInProcess('status', '--api', api, '--api-token-file', file);
    expect(ran.code).toBe(0);
    expect(ran.out).not.toContain(MARKER);
  });

  it('refuses an address that is none, exit code 2', async () => {
    const { code, err } = await runInProcess('status', '--api', '127.0.0.1:18080');
    expect([code, err]).toEqual([2, expect.stringContaining('write it like http://127.0.0.1:18080')]);
  });
});
