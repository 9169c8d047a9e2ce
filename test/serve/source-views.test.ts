import { describe, expect, it, test } from 'vitest';
import { createActions } from '../../src/serve/actions.ts';
import { alarmsOf } from '../../src/serve/alarm-views.ts';
import { instancesOf, sourcesOf } from '../../src/serve/source-views.ts';
import {
  CONFIG,
  fakeWorld,
  instance,
  NOON,
  scopeStatus,
  seenInstance,
  type WorldFacts,
} from './fake-world.ts';

const parts = (facts: WorldFacts = {}) => ({ config: CONFIG, world: fakeWorld(facts) });
const HELD = { state: 'held', held: 3, heldSince: NOON - 9_000, heldUntil: NOON + 591_000 } as const;

const NO_SECRETS = { status: () => [] };

describe('sourcesOf', () => {
  const statesOf = (facts: WorldFacts) => {
    const looked = sourcesOf(parts(facts), { limit: 10 }, NOON);
    return 'found' in looked ? looked.found.map(({ name, state }) => `${name} ${state}`) : looked;
  };

  test.each<[string, WorldFacts, string]>([
    ['has never answered', {}, 'waiting'],
    ['is read', { scopes: { vms: [scopeStatus()] } }, 'ok'],
    ['says that it has no scope', { known: ['vms'] }, 'ok'],
    ['is from before the start', { scopes: { vms: [scopeStatus({ state: 'restored' })] } }, 'restored'],
    ['holds a shrink', { scopes: { vms: [scopeStatus(), scopeStatus(HELD)] } }, 'held'],
    [
      'fails in one scope',
      { scopes: { vms: [scopeStatus(HELD), scopeStatus({ state: 'failing' })] } },
      'failing',
    ],
    [
      'has failed since the start',
      { scopes: { vms: [scopeStatus({ state: 'failing', at: undefined })] }, known: [] },
      'failing',
    ],
  ])('SRC16: a source that %s', (_case, facts, state) => {
    expect(statesOf(facts)).toEqual(['spare unused', `vms ${state}`]);
  });

  it('SRC16: a source that no service uses is unused, even while it fails', () => {
    const failing = scopeStatus({ state: 'failing', error: 'no such file', failures: 4 });
    const facts = { scopes: { vms: [scopeStatus()], spare: [failing] } };
    expect(statesOf(facts)).toEqual(['spare unused', 'vms ok']);
    expect(alarmsOf({ ...parts(facts), secrets: NO_SECRETS }, NOON)).toEqual([]);
  });

  it('shows all that is known of a scope, times as ISO 8601', () => {
    const scope = scopeStatus({
      ...HELD,
      instances: 4,
      dropped: 2,
      at: NOON - 61_000,
      error: 'a.yaml:3:1: not YAML',
      failures: 2,
      nextAttempt: NOON + 1_000,
    });
    expect(sourcesOf(parts({ scopes: { vms: [scope] } }), { source: 'vms', limit: 10 }, NOON)).toEqual({
      found: [
        {
          ...{ name: 'vms', kind: 'file', state: 'held', services: 1, instances: 4, held: 3, dropped: 2 },
          left: 0,
          scopes: [
            {
              ...{
                scope: 'a.yaml',
                state: 'held',
                instances: 4,
                held: 3,
                dropped: 2,
                restored: false,
                stale: false,
              },
              ...{ ageSeconds: 61, error: 'a.yaml:3:1: not YAML', failures: 2 },
              nextAttempt: '2026-11-21T12:00:01.000Z',
              heldSince: '2026-11-21T11:59:51.000Z',
              heldUntil: '2026-11-21T12:09:51.000Z',
            },
          ],
        },
      ],
    });
  });

  it('shows the scopes in trouble first, and says how many are left out', () => {
    const scopes = [
      scopeStatus({ scope: 'c' }),
      scopeStatus({ scope: 'b' }),
      scopeStatus({ scope: 'x', state: 'failing', at: undefined }),
      scopeStatus({ scope: 'h', state: 'held' }),
    ];
    const looked = sourcesOf(parts({ scopes: { vms: scopes } }), { source: 'vms', limit: 3 }, NOON);
    const [vms] = 'found' in looked ? looked.found : [];
    expect(vms?.scopes.map(({ scope }) => scope)).toEqual(['h', 'x', 'b']);
    expect(vms?.left).toBe(1);
    expect(vms?.scopes[1]?.ageSeconds).toBeUndefined();
  });

  it('names the nearest source, or those there are', () => {
    const ask = (source: string) => sourcesOf(parts(), { source, limit: 1 }, NOON);
    expect(ask('vns')).toEqual({ unknown: 'no source "vns"; did you mean "vms"?' });
    expect(ask('consul')).toEqual({ unknown: 'no source "consul"; there are "spare", "vms"' });
    expect(sourcesOf({ config: undefined, world: fakeWorld() }, { source: 'x', limit: 1 }, NOON)).toEqual({
      unknown: 'no source "x"; there is none',
    });
  });
});

describe('instancesOf', () => {
  const three = [
    seenInstance('1', { seen: instance('1', { weight: 5 }) }),
    seenInstance('2', { used: undefined, dropped: 'rule 1 (drop) dropped it' }),
    seenInstance('3', { held: true, scope: 'b.yaml' }),
  ];
  const facts = { seen: three, scopes: { vms: [scopeStatus(), scopeStatus({ scope: 'b.yaml' })] } };
  const ask = (query: object) => instancesOf(parts(facts), { limit: 10, offset: 0, ...query }, undefined);

  it('SRC12: shows an instance as seen, after relabelling, and why it is not served', () => {
    const looked = ask({ source: 'vms' });
    const found = 'found' in looked ? looked.found : undefined;
    expect(found).toMatchObject({ total: 3, offset: 0, left: 0 });
    expect(found?.instances[0]).toMatchObject({
      source: 'vms',
      scope: 'a.yaml',
      seen: { id: '1', weight: 5 },
    });
    expect(found?.instances[0]).toHaveProperty('used.id', '1');
    expect(found?.instances[1]).not.toHaveProperty('used');
    expect(found?.instances[1]).toMatchObject({ dropped: 'rule 1 (drop) dropped it', held: false });
    expect(found?.instances[2]).toMatchObject({ scope: 'b.yaml', held: true });
  });

  it('pages, and says how many come after', () => {
    const ids = (query: object) => {
      const looked = ask(query);
      if (!('found' in looked)) return looked;
      const { total, left, instances } = looked.found;
      return { total, left, ids: instances.map(({ seen }) => seen.id) };
    };
    expect(ids({ limit: 1 })).toEqual({ total: 3, left: 2, ids: ['1'] });
    expect(ids({ limit: 1, offset: 2 })).toEqual({ total: 3, left: 0, ids: ['3'] });
    expect(ids({ limit: 1, offset: 9 })).toEqual({ total: 3, left: 0, ids: [] });
    expect(ids({ limit: 0 })).toEqual({ total: 3, left: 3, ids: [] });
  });

  it('narrows to a scope, and names the nearest', () => {
    expect(ask({ scope: 'b.yaml' })).toMatchObject({ found: { total: 1 } });
    expect(ask({ source: 'vms', scope: 'c.yaml' })).toEqual({
      unknown: 'no scope "c.yaml"; did you mean "a.yaml"?',
    });
    expect(ask({ source: 'vmz' })).toEqual({ unknown: 'no source "vmz"; did you mean "vms"?' });
  });
});

describe('alarmsOf', () => {
  it('SRC2, SRC3: says what is held, what has failed 3 times, and what is too old', () => {
    const held = { service: 'web', held: 1, since: NOON, until: NOON + 600_000, source: 'vms', scope: 'h' };
    const scopes = [
      scopeStatus({ ...HELD, scope: 'h' }),
      scopeStatus({ scope: 'twice', state: 'failing', failures: 2, error: 'refused' }),
      scopeStatus({ scope: 'f', state: 'failing', failures: 3, error: 'refused', at: undefined }),
      scopeStatus({ scope: 's', stale: true, at: NOON - 3_600_000 }),
    ];
    expect(
      alarmsOf({ ...parts({ scopes: { vms: scopes }, held: [held] }), secrets: NO_SECRETS }, NOON),
    ).toEqual([
      {
        ...{ kind: 'held', source: 'vms', scope: 'h' },
        message:
          '3 instances are served DEGRADED though the source no longer names them, until 2026-11-21T12:09:51.000Z at the latest',
      },
      {
        ...{ kind: 'held', source: 'vms', scope: 'h', service: 'web' },
        message:
          '1 endpoint is served DEGRADED though no source gives it any more, until 2026-11-21T12:10:00.000Z at the latest',
      },
      {
        ...{ kind: 'failing', source: 'vms', scope: 'f' },
        message: '3 looks in a row have failed; it was never read: refused',
      },
      {
        ...{ kind: 'stale', source: 'vms', scope: 's' },
        message: 'what was read 3600s ago is served, longer than its maxAge: DEGRADED',
      },
    ]);
  });
});

describe('release', () => {
  const held = { service: 'web', held: 2, since: NOON, until: NOON + 1, source: 'vms', scope: 'a/b c' };
  const act = (facts: WorldFacts, isHeld: boolean) => {
    const asked: string[] = [];
    const release = (...which: string[]): boolean => {
      asked.push(which.join(' | '));
      return isHeld;
    };
    return { actions: createActions({ ...parts(facts), release }), asked };
  };

  it('SRC2: says what is no longer served, of the scope and of services', () => {
    const scopes = { vms: [scopeStatus({ ...HELD, scope: 'a/b c' })] };
    const { actions, asked } = act({ scopes, held: [held] }, true);
    expect(actions.release('vms', 'a/b c')).toEqual({
      found: {
        ...{ source: 'vms', scope: 'a/b c', released: true, instances: 3 },
        services: [{ service: 'web', held: 2 }],
        message: '3 instances and 2 endpoints of service web are no longer served',
      },
    });
    expect(asked).toEqual(['vms | a/b c']);
  });

  it('speaks of one as of one', () => {
    const { actions } = act({ scopes: { vms: [scopeStatus({ held: 1 })] } }, true);
    expect(actions.release('vms', 'a.yaml')).toMatchObject({
      found: { message: '1 instance is no longer served' },
    });
  });

  it('says that nothing is held', () => {
    const { actions } = act({ scopes: { vms: [scopeStatus()] } }, false);
    expect(actions.release('vms', 'a.yaml')).toMatchObject({
      found: { released: false, instances: 0, message: 'nothing is held there: nothing was changed' },
    });
  });

  it('does nothing for a name that is none, and names the nearest', () => {
    const { actions, asked } = act({ scopes: { vms: [scopeStatus()] } }, true);
    expect(actions.release('vmss', 'a.yaml')).toEqual({ unknown: 'no source "vmss"; did you mean "vms"?' });
    expect(actions.release('vms', 'b.yaml')).toEqual({
      unknown: 'source "vms": no scope "b.yaml"; did you mean "a.yaml"?',
    });
    expect(asked).toEqual([]);
  });
});
