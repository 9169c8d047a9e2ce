import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { MARKER } from '../api/fake-view.ts';
import { runInProcess } from './in-process.ts';

const QUICKSTART = 'examples/quickstart';
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-offline-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

async function config(text: string): Promise<string> {
  const path = join(dir, 'config.yaml');
  await writeFile(path, text);
  return path;
}

describe('muster validate', () => {
  it('counts what a valid config holds', async () => {
    const { code, out } = await runInProcess('validate', QUICKSTART);
    expect(code).toBe(0);
    expect(out).toMatch(/^examples\/quickstart is valid\n/);
    expect(out).toMatch(/^services +1$/m);
    const json = JSON.parse((await runInProcess('validate', QUICKSTART, '-o', 'json')).out);
    expect(json).toMatchObject({ valid: true, counts: { services: 1, groups: 1 } });
  });

  it('prints every mistake at once with file, line, column and hint, exit code 1', async () => {
    const path = await config(
      'services: { checkout: { endpoints: ["127.0.0.1:1"] } }\nlisteners: { web: { port: 99999 } }\n' +
        'httpRoutes: { shop: { listeners: [web], rules: [ { backends: [ { service: chekout } ] } ] } }\n' +
        'groups: { edge: { listeners: [web] } }\n',
    );
    const { code, out, err } = await runInProcess('validate', path);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/is not valid: \d problems\n/);
    expect(err).toMatch(/config\.yaml:2:\d+: listeners\.web\.port: /);
    expect(err).toMatch(
      /config\.yaml:3:\d+: httpRoutes\.shop\.rules\[0\]\.backends\[0\]\.service: .*checkout/,
    );
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('says that a path is not there, exit code 1', async () => {
    const { code, err } = await runInProcess('validate', join(dir, 'nowhere'));
    expect(code).toBe(1);
    expect(err).toContain('nowhere');
  });
});

describe('muster render', () => {
  it.each(['json', 'yaml'])('gives the resources of a group as %s', async (format) => {
    const { code, out, err } = await runInProcess('render', QUICKSTART, '--group', 'edge', '-o', format);
    expect([code, err]).toEqual([0, '']);
    const names = parse(out).resources.map(({ name }: { name: string }) => name);
    expect(names).toEqual(['hello', 'hello', 'web', 'web']);
  });

  it('shows the endpoints of a file source, and says what it could not read', async () => {
    await writeFile(join(dir, 'vms.json'), '{"instances":[{"address":"10.9.8.7","port":80}]}');
    await writeFile(join(dir, 'broken.json'), '{');
    const path = await config(
      'sources: { vms: { file: { paths: [./vms.json, ./broken.json] } } }\n' +
        'services: { web: { from: [ { source: vms } ] } }\nlisteners: { web: { port: 10000 } }\n' +
        'httpRoutes: { web: { listeners: [web], rules: [ { backends: [ { service: web } ] } ] } }\n' +
        'groups: { edge: { listeners: [web] } }\n',
    );
    const { code, out, err } = await runInProcess('render', path, '--group', 'edge', '--type', 'endpoint');
    expect(code).toBe(0);
    expect(out).toContain('10.9.8.7');
    expect(err).toMatch(/^warning: sources\/vms: .*broken\.json/m);
  });

  it('never reads a secret', async () => {
    await writeFile(join(dir, 'cert.pem'), MARKER);
    await writeFile(join(dir, 'key.pem'), MARKER);
    const path = await config(
      'secrets: { shop: { tls: { certificate: ./cert.pem, privateKey: ./key.pem } } }\n' +
        'services: { web: { endpoints: ["127.0.0.1:1"] } }\n' +
        'listeners: { web: { port: 10443, protocol: HTTPS, tls: { certificates: [ { secret: shop } ] } } }\n' +
        'httpRoutes: { web: { listeners: [web], rules: [ { backends: [ { service: web } ] } ] } }\n' +
        'groups: { edge: { listeners: [web] } }\n',
    );
    const { code, out, err } = await runInProcess('render', path, '--group', 'edge');
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('sdsConfig');
    expect(out).not.toContain(MARKER);
  });

  it('names the groups there are, exit code 2', async () => {
    const { code, err } = await runInProcess('render', QUICKSTART, '--group', 'egde');
    expect([code, err]).toEqual([2, 'error: no group "egde"; the config has edge\n']);
  });
});

describe('muster schema', () => {
  it('prints a JSON Schema with every top-level key', async () => {
    const { code, out } = await runInProcess('schema');
    expect(code).toBe(0);
    const schema = JSON.parse(out);
    expect(schema.$schema).toContain('json-schema.org');
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['sources', 'secrets', 'services', 'listeners', 'httpRoutes', 'groups']),
    );
  });
});
