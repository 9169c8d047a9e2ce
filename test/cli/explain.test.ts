import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { createApi } from '../../src/api/create-api.ts';
import { createSourceView } from '../../src/serve/source-view.ts';
import { fakeParts } from '../api/fake-view.ts';
import {
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

const from = [{ source: 'vms', service: 'web', where: { 'file.label.stage': ['prod', 'canary'] } }];
const config = configOf({
  sources: { vms: { file: { paths: ['./a.yaml'] } } },
  services: { web: { from, endpoints: ['10.0.0.9:80'] } },
});

async function explain(facts: WorldFacts, ...args: readonly string[]) {
  const api = await createApi({
    ...fakeParts(createSourceView({ config, world: fakeWorld(facts) })),
    logger: pino({ level: 'silent' }),
  });
  open.push(api);
  const address = await api.listen({ host: '127.0.0.1', port: 0 });
  return runInProcess('explain', ...args, '--api', address);
}

const web = (id: string, stage: string, changes: object = {}) => {
  const labels = { 'file.service': 'web', 'file.label.stage': stage };
  const one = instance(id, { labels, weight: 5, locality: { region: 'r', zone: 'r1', subZone: '' } });
  return seenInstance(id, { seen: one, used: one, ...changes });
};

describe('muster explain', () => {
  const seen = [web('i-1', 'prod', { held: true }), web('i-2', 'test'), web('i-3', 'test\u001b[31m')];
  const held = [
    { service: 'web', held: 2, since: NOON, until: NOON + 600_000, source: 'vms', scope: 'a.yaml' },
  ];

  it('shows which endpoint came from where and why, and what was not chosen', async () => {
    const { code, out } = await explain({ seen, held, scopes: { vms: [scopeStatus()] } }, 'service/web');
    expect(code).toBe(0);
    expect(out).toMatch(/^service web \(c\.yaml:1\): 0 endpoints, 1 of them written in the config$/m);
    expect(out).toMatch(/^HELD: 2 endpoints served DEGRADED .* until 12:10:00Z at the latest$/m);
    expect(out).toMatch(/^ {2}to accept it: muster source release vms\/a\.yaml$/m);
    expect(out).toMatch(/^10\.0\.0\.1:80 +\[0\] +vms +a\.yaml +i-1 +0 +r1 +5 +HEALTHY, held$/m);
    expect(out).toMatch(/^10\.0\.0\.9:80 +config +10\.0\.0\.9 +0 +HEALTHY$/m);
    expect(out).toMatch(/^from \[0\] source vms \(ok\): 1 chosen$/m);
    expect(out).toContain(
      '  2 not chosen: file.label.stage is none of "prod", "canary" (i-2: test, i-3: test\\u{1b}[31m)\n',
    );
    expect(out).toMatch(/^Settings in force$/m);
    expect(out).toMatch(/^ {2}protocol: "http1"$/m);
    expect(out).not.toContain('\u001b');
  });

  it('gives programs the whole answer', async () => {
    const ran = await explain({ seen, scopes: { vms: [scopeStatus()] } }, 'service/web', '-o', 'json');
    expect(JSON.parse(ran.out)).toMatchObject({
      service: 'web',
      chosen: [{ id: 'i-1', held: true }, { id: '10.0.0.9' }],
      inline: 1,
    });
  });

  it.each([
    ['service/wob', 1, 'no service "wob"; did you mean "web"?'],
    ['web', 2, '"web": write service/NAME or secret/NAME; services and secrets can be explained'],
    ['route/web', 2, '"route/web": write service/NAME or secret/NAME; services and secrets can be explained'],
  ])('refuses %s with exit code %i and a hint', async (what, code, words) => {
    expect(await explain({}, what)).toEqual({ code, out: '', err: `error: ${words}\n` });
  });
});
