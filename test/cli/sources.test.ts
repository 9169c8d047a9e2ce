import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createApi } from '../../src/api/create-api.ts';
import type { ReplicaView } from '../../src/api/ports.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { createActions } from '../../src/serve/actions.ts';
import { alarmsOf } from '../../src/serve/alarm-views.ts';
import { createSourceView } from '../../src/serve/source-view.ts';
import { sourcesOf } from '../../src/serve/source-views.ts';
import { fakeParts, MARKER, STATUS } from '../api/fake-view.ts';
import {
  CONFIG,
  configOf,
  fakeWorld,
  instance,
  NOON,
  scopeStatus,
  seenInstance,
  type WorldFacts,
} from '../serve/fake-world.ts';
import { runInProcess } from './in-process.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

const HELD = { state: 'held', held: 3, heldSince: NOON - 9_000, heldUntil: NOON + 591_000 } as const;

/** The API over a world of these facts; what is released is held no longer. */
async function startApi(
  facts: WorldFacts,
  { config = CONFIG, token }: { config?: typeof CONFIG; token?: SecretBytes } = {},
) {
  const world = fakeWorld(facts);
  const parts = { config, world };
  const looked = sourcesOf(parts, { limit: 200 }, NOON);
  const sources = 'found' in looked ? looked.found : [];
  const status: ReplicaView['status'] = () => ({
    ...STATUS,
    sources,
    alarms: alarmsOf({ ...parts, secrets: { status: () => [] } }, NOON),
  });
  const release = (source: string, scope: string): boolean =>
    world.scopes(source).some((one) => one.scope === scope && one.held > 0);
  const api = await createApi({
    ...fakeParts({ ...createSourceView(parts), status }),
    actions: createActions({ ...parts, release }),
    logger: pino({ level: 'silent' }),
    token,
  });
  open.push(api);
  return api.listen({ host: '127.0.0.1', port: 0 });
}

describe('muster sources', () => {
  it('SRC16: shows a row for each scope, and sources that nobody uses or that never answered', async () => {
    const scopes = [
      scopeStatus({ scope: 'b.yaml', instances: 4, nextAttempt: NOON + 5_000 }),
      scopeStatus({
        ...{
          ...HELD,
          scope: 'a.yaml',
          state: 'failing',
          instances: 7,
          dropped: 2,
          stale: true,
          restored: true,
        },
        ...{ error: 'line 3: not YAML', failures: 4, at: undefined },
      }),
    ];
    const { code, out } = await runInProcess('sources', '--api', await startApi({ scopes: { vms: scopes } }));
    expect(code).toBe(0);
    expect(out).toMatch(/^SOURCE +KIND +SCOPE +STATE +INSTANCES +HELD +DROPPED +AGE +NEXT +ERROR$/m);
    expect(out).toMatch(/^spare +file +unused +0$/m);
    expect(out).toMatch(
      /^vms +file +a\.yaml +failing, held, restored, stale +7 +3 until 12:09:51Z +2 +never +line 3: not YAML \(4 times in a row\)$/m,
    );
    expect(out).toMatch(/^vms +file +b\.yaml +ok +4 +\S+ +12:00:05Z$/m);
  });

  it('says what is left out, and what a source alone holds', async () => {
    const api = await startApi({ scopes: { vms: [scopeStatus(), scopeStatus({ scope: 'b.yaml' })] } });
    const { out } = await runInProcess('sources', '--api', api, '--source', 'vms', '--limit', '1');
    expect(out).toContain('and 1 more scope of vms; muster sources --limit shows them\n');
    expect(out).not.toContain('spare');
    const json = JSON.parse((await runInProcess('sources', '--api', api, '-o', 'json')).out);
    expect(json.sources[1]).toMatchObject({ name: 'vms', services: 1, left: 0 });
    expect(parse((await runInProcess('sources', '--api', api, '-o', 'yaml')).out)).toMatchObject({
      sources: [{ state: 'unused' }, { state: 'ok' }],
    });
  });

  it('says that a config has no sources', async () => {
    const config = configOf({ services: { web: { endpoints: ['10.0.0.1:80'] } } });
    const { out } = await runInProcess('sources', '--api', await startApi({}, { config }));
    expect(out).toBe('the config has no sources: every endpoint is written in it\n');
  });

  it('names the nearest source, exit code 1; a count that is none, exit code 2', async () => {
    const api = await startApi({});
    expect(await runInProcess('sources', '--api', api, '--source', 'vns')).toEqual({
      ...{ code: 1, out: '', err: 'error: no source "vns"; did you mean "vms"?\n' },
    });
    const ran = await runInProcess('sources', '--api', api, '--limit', 'x');
    expect([ran.code, ran.err]).toEqual([2, 'error: --limit "x": write a whole number from 0\n']);
  });
});

describe('muster instances', () => {
  const evil = 'web\u001b[31m\n\u202e';
  const labels = { 'file.service': 'web', name: evil };
  const seen = [
    seenInstance('1', {
      used: instance('1', {
        ...{ address: '2001:db8::1', ports: { http: 80, '': 81 }, weight: 5, labels },
        locality: { region: 'r', zone: 'r1', subZone: '' },
      }),
    }),
    seenInstance('2', { used: undefined, dropped: 'rule 3 (drop) dropped it' }),
    seenInstance('3', { held: true }),
  ];
  const facts = { seen, scopes: { vms: [scopeStatus()] } };

  it('SRC12: shows what is used, what is dropped and why, what is held', async () => {
    const { out } = await runInProcess(
      'instances',
      '--api',
      await startApi(facts),
      '--label',
      'file.service',
    );
    expect(out).toMatch(/^SOURCE .* HEALTH +WEIGHT +file\.service +STATE$/m);
    expect(out).toMatch(/^vms +a\.yaml +1 +2001:db8::1 +http=80 81 +r1 +HEALTHY +5 +web +ok$/m);
    expect(out).toMatch(/^vms +a\.yaml +2 .* not served: rule 3 \(drop\) dropped it$/m);
    expect(out).toMatch(/^vms +a\.yaml +3 .* held: the source no longer names it$/m);
    expect(out).toMatch(/^3 instances$/m);
  });

  it('lets no label steer the terminal', async () => {
    const { out } = await runInProcess('instances', '--api', await startApi(facts), '--label', 'name');
    expect(out).toContain('web\\u{1b}[31m\\u{a}\\u{202e}');
    for (const character of ['\u001b', '\u202e']) expect(out).not.toContain(character);
  });

  it('fetches page after page up to its limit, and says how many are left', async () => {
    const many = Array.from({ length: 2_500 }, (_, n) => seenInstance(`i-${n}`));
    const api = await startApi({ ...facts, seen: many });
    const ran = await runInProcess('instances', '--api', api, '--limit', '2100', '-o', 'json');
    const listed = JSON.parse(ran.out);
    expect(listed).toMatchObject({ total: 2_500, left: 400 });
    expect(listed.instances.map((one: (typeof seen)[0]) => one.seen.id)).toEqual(
      many.slice(0, 2_100).map((one) => one.seen.id),
    );
    const few = await runInProcess('instances', '--api', api, '--limit', '1');
    expect(few.out).toMatch(/^2,500 instances; the last 2,499 show with a larger --limit$/m);
  });

  it('says that there is none', async () => {
    expect((await runInProcess('instances', '--api', await startApi({}))).out).toBe('no instance\n');
  });
});

describe('muster source release', () => {
  const scopes = { vms: [scopeStatus({ ...HELD, scope: '1/eu west' }), scopeStatus({ scope: 'calm' })] };

  it('SRC2: says what is no longer served; a scope may have slashes', async () => {
    const api = await startApi({ scopes });
    expect(await runInProcess('source', 'release', 'vms/1/eu west', '--api', api)).toEqual({
      ...{ code: 0, out: 'vms/1/eu west: 3 instances are no longer served\n', err: '' },
    });
    const json = await runInProcess('source', 'release', 'vms/1/eu west', '--api', api, '-o', 'json');
    expect(JSON.parse(json.out)).toMatchObject({ released: true, instances: 3 });
  });

  it('says that nothing is held', async () => {
    const ran = await runInProcess('source', 'release', 'vms/calm', '--api', await startApi({ scopes }));
    expect(ran).toMatchObject({ code: 0, out: 'vms/calm: nothing is held there: nothing was changed\n' });
  });

  it('finds the source whose own name has a slash', async () => {
    const vms = CONFIG.sources.get('vms');
    if (vms === undefined) throw new Error('no vms');
    const made = { ...vms, name: 'dns/web' };
    const config = { ...CONFIG, sources: new Map([...CONFIG.sources, ['dns/web', made] as const]) };
    const facts = { scopes: { 'dns/web': [scopeStatus({ ...HELD, scope: 'api.example.com:443' })] } };
    const api = await startApi(facts, { config });
    const ran = await runInProcess('source', 'release', 'dns/web/api.example.com:443', '--api', api);
    expect(ran.out).toBe('dns/web/api.example.com:443: 3 instances are no longer served\n');
  });

  it.each([
    ['vns/calm', 1, 'no source "vns"; did you mean "vms"?'],
    ['vms/clam', 1, 'source "vms": no scope "clam"; did you mean "calm"?'],
    ['vms', 2, '"vms": write SOURCE/SCOPE, as muster sources names them'],
  ])('refuses %s with exit code %i and a hint', async (which, code, words) => {
    const ran = await runInProcess('source', 'release', which, '--api', await startApi({ scopes }));
    expect(ran).toEqual({ code, out: '', err: `error: ${words}\n` });
  });

  it('sends the token when there is one, and shows it nowhere', async () => {
    const api = await startApi({ scopes }, { token: SecretBytes.fromUtf8(MARKER) });
    const without = await runInProcess('source', 'release', 'vms/calm', '--api', api);
    expect([without.code, without.err]).toEqual([1, expect.stringContaining('--api-token-file')]);
    const file = join(tmpdir(), `muster-release-token-${process.pid}`);
    await writeFile(file, `${MARKER}\n`, { mode: 0o600 });
    const ran = await runInProcess('source', 'release', 'vms/calm', '--api', api, '--api-token-file', file);
    expect(ran.code).toBe(0);
    expect(ran.out + ran.err).not.toContain(MARKER);
  });
});

describe('muster status', () => {
  it('SRC2, SRC3: begins with what is held and what fails, and how to accept it', async () => {
    const scopes = [
      scopeStatus({ ...HELD, scope: "eu'; reboot" }),
      scopeStatus({ scope: 'f\u001b', state: 'failing', failures: 3, error: 'refused', at: NOON - 90_000 }),
    ];
    const held = { service: 'web', held: 2, since: NOON, until: NOON + 600_000, source: 'vms', scope: 'x' };
    const api = await startApi({ scopes: { vms: scopes }, held: [held] });
    const { out } = await runInProcess('status', '--api', api);
    const [alarms] = out.slice(out.indexOf('ALARMS')).split('\n\n');
    expect(alarms).toBe(
      [
        'ALARMS (3)',
        "  held: vms/eu'; reboot: 3 instances are served DEGRADED though the source no longer names them, until 2026-11-21T12:09:51.000Z at the latest",
        `    to accept it: muster source release 'vms/eu'\\''; reboot'`,
        '  held: service web, by vms/x: 2 endpoints are served DEGRADED though no source gives them any more, until 2026-11-21T12:10:00.000Z at the latest',
        '    to accept it: muster source release vms/x',
        '  failing: vms/f\\u{1b}: 3 looks in a row have failed; what was read 90s ago is served: refused',
      ].join('\n'),
    );
    expect(out.indexOf('ALARMS')).toBeLessThan(out.indexOf('SOURCE'));
  });

  it('says of a source with very many scopes only what needs a look', async () => {
    const quiet = Array.from({ length: 300 }, (_, n) => scopeStatus({ scope: `dc1/s${n}` }));
    const failing = scopeStatus({ scope: 'dc1/bad', state: 'failing', error: 'no leader', failures: 1 });
    const { out } = await runInProcess(
      'status',
      '--api',
      await startApi({ scopes: { vms: [...quiet, failing] } }),
    );
    expect(out).toMatch(/^vms +file +dc1\/bad +failing .* no leader$/m);
    expect(out).toMatch(/^vms +file +300 other scopes +ok$/m);
    expect(out).not.toContain('dc1/s1');
  });
});
