import { expect, test } from 'vitest';
import { LINGER_MS } from '../../../src/fleet/linger.ts';
import { group, listener, route } from '../fixtures.ts';
import { type Bench, built, config, lastSet, names } from './bench.ts';
import { tlsSecret } from './rig.ts';

/** The routes of `edge` name b alone, those of `core` neither a secret nor b. */
const LESS = config({ httpRoutes: [route('all', ['web'], ['b']), route('some', ['shop'], ['b'])] });
const PLAIN = config({ groups: [group('edge', ['web']), group('core', ['web'])] });

function less(at: number): Bench {
  const made = built();
  made.configure(LESS);
  made.builder.build('edge', at);
  return made;
}

function releaseAt(made: Bench, now: number, settled = true): readonly string[] {
  const released = made.builder.release(now, () => settled);
  for (const name of released) made.builder.build(name, now);
  return released;
}

test('what is out of use stays for 60 s, with its routes gone at once', () => {
  const made = less(1_000);
  expect(lastSet(made)).toEqual(['routes web']);
  expect(made.publications.at(-1)?.remove).toEqual([]);
  expect(made.builder.status('edge')?.lingering).toBe(2);
  expect(releaseAt(made, 1_000 + LINGER_MS - 1)).toEqual([]);
  expect(names(made, 'edge')).toContain('cluster a');
  expect(releaseAt(made, 1_000 + LINGER_MS)).toEqual(['edge']);
  expect(made.publications.at(-1)?.remove).toEqual([
    { typeUrl: 'cluster', name: 'a' },
    { typeUrl: 'endpoints', name: 'a' },
  ]);
  expect(made.published('edge')).toEqual(made.held('edge'));
  expect(made.builder.status('edge')?.lingering).toBe(0);
});

test('what is out of use stays while a node has not ACKed', () => {
  const made = less(0);
  expect(releaseAt(made, 100 * LINGER_MS, false)).toEqual([]);
  expect(names(made, 'edge')).toContain('cluster a');
  expect(releaseAt(made, 100 * LINGER_MS + 1)).toEqual(['edge']);
});

test('only what nodes fetch by name lingers: a listener goes at once', () => {
  const made = built();
  made.configure(config({ groups: [group('edge', ['web']), group('core', ['web'])] }));
  made.builder.build('core', 0);
  expect(made.publications.at(-1)?.remove).toEqual([
    { typeUrl: 'listener', name: 'shop' },
    { typeUrl: 'routes', name: 'shop' },
  ]);
});

test('what is used again while it lingers is not sent again, and lingers anew after its next use', () => {
  const made = less(0);
  made.configure(config());
  made.builder.build('edge', 30_000);
  expect(lastSet(made)).toEqual(['routes web']);
  expect(releaseAt(made, 2 * LINGER_MS)).toEqual([]);
  made.configure(LESS);
  made.builder.build('edge', 3 * LINGER_MS);
  expect(releaseAt(made, 4 * LINGER_MS - 1)).toEqual([]);
  expect(releaseAt(made, 4 * LINGER_MS)).toEqual(['edge']);
});

test('what is used again between its release and the build stays', () => {
  const made = less(0);
  expect(made.builder.release(LINGER_MS, () => true)).toEqual(['edge']);
  made.configure(config());
  made.builder.build('edge', LINGER_MS);
  expect(names(made, 'edge')).toContain('cluster a');
  expect(releaseAt(made, 10 * LINGER_MS)).toEqual([]);
});

test('endpoints and secrets that linger are kept up to date', () => {
  const made = less(0);
  expect(made.report('a', [5])).toEqual(['edge']);
  made.builder.build('edge', 1);
  expect(lastSet(made)).toEqual(['endpoints a']);
  made.configure(PLAIN);
  made.builder.build('core', 2);
  expect(made.builder.putSecret('s1', tlsSecret(2))).toEqual(['core']);
  made.builder.build('core', 3);
  expect(lastSet(made)).toEqual(['secret s1']);
  releaseAt(made, 3 + LINGER_MS);
  expect(names(made, 'core')).not.toContain('secret s1');
});

test('a service that left the config lingers with the endpoints it last had', () => {
  const made = built();
  const before = made.held('edge');
  const { services, ...rest } = LESS;
  made.configure({ ...rest, services: new Map([...services].filter(([name]) => name === 'b')) });
  made.builder.build('edge', 0);
  expect(made.held('edge')['endpoints a']).toEqual(before['endpoints a']);
  made.report('a', [9]);
  expect(made.builder.build('edge', 1)).toEqual({ kind: 'unchanged' });
  releaseAt(made, LINGER_MS);
  expect(names(made, 'edge')).not.toContain('endpoints a');
});

test('a listener that is renamed keeps every cluster', () => {
  const made = built();
  const renamed = {
    listeners: [listener('www'), listener('shop', ['s1'])],
    httpRoutes: [route('all', ['www'], ['a', 'b']), route('some', ['shop'], ['b'])],
    groups: [group('edge', ['www']), group('core', ['shop'])],
  };
  made.configure(config(renamed));
  made.builder.build('edge', 0);
  expect(lastSet(made)?.toSorted()).toEqual(['listener www', 'routes www']);
  expect(made.builder.status('edge')?.lingering).toBe(0);
});
