import { expect, test } from 'vitest';
import { failure, group, route, service } from '../fixtures.ts';
import { bench, built, config, lastSet, names } from './bench.ts';
import { tlsSecret } from './rig.ts';

test('a group gets what its listeners need and nothing else', () => {
  const made = built();
  expect(names(made, 'edge')).toEqual([
    'cluster a',
    'cluster b',
    'endpoints a',
    'endpoints b',
    'listener web',
    'routes web',
  ]);
  expect(names(made, 'core')).toEqual([
    'cluster b',
    'endpoints b',
    'listener shop',
    'routes shop',
    'secret s1',
  ]);
});

test('revisions grow, one to a commit; a build that finds nothing new takes none', () => {
  const made = built();
  expect(made.builder.build('edge', 0)).toEqual({ kind: 'unchanged' });
  made.builder.sweep();
  expect(made.builder.build('edge', 0)).toEqual({ kind: 'unchanged' });
  made.report('a', [1, 2]);
  expect(made.builder.build('edge', 0)).toEqual({ kind: 'committed', revision: 3, set: 1, removed: 0 });
  expect(made.publications.map(({ revision }) => revision)).toEqual([1, 2, 3]);
});

test('a group that is not in the config is not built, and keeps what it serves', () => {
  const made = built();
  made.configure(config({ groups: [group('edge', ['web'])] }));
  expect(made.builder.build('core', 0)).toEqual({ kind: 'gone' });
  expect(made.builder.build('never', 0)).toEqual({ kind: 'gone' });
  expect(names(made, 'core')).toContain('cluster b');
});

test('a change of endpoints concerns the groups that use them, and moves one cell', () => {
  const made = built();
  const structures = made.fake.structures;
  expect(made.report('a', [1, 3])).toEqual(['edge']);
  expect(made.report('b', [2, 3])).toEqual(['edge', 'core']);
  made.builder.build('core', 0);
  expect(lastSet(made)).toEqual(['endpoints b']);
  made.builder.build('edge', 0);
  expect(lastSet(made)).toEqual(['endpoints a', 'endpoints b']);
  expect(made.fake.structures).toBe(structures);
});

test('a cell is made once for all its groups', () => {
  const made = built();
  made.fake.cells.length = 0;
  made.report('b', [2, 3]);
  for (const name of ['edge', 'core']) made.builder.build(name, 0);
  expect(made.fake.cells).toEqual(['endpoints b']);
  expect(made.builder.find('core', 'endpoints', 'b')).toBe(made.builder.find('edge', 'endpoints', 'b'));
});

test('endpoints that change and change back before the build are no change', () => {
  const made = built();
  made.report('a', [1, 3]);
  made.report('a', [1]);
  expect(made.builder.build('edge', 0)).toEqual({ kind: 'unchanged' });
});

test('a secret that is rotated moves its cell alone; the same version again moves nothing', () => {
  const made = built();
  expect(made.builder.putSecret('s1', tlsSecret(1))).toEqual([]);
  expect(made.builder.putSecret('s1', tlsSecret(2))).toEqual(['core']);
  made.builder.build('core', 0);
  expect(lastSet(made)).toEqual(['secret s1']);
  expect(made.builder.putSecret('unknown', tlsSecret(1))).toEqual([]);
});

test('a secret that left the config and came back is unknown until it is read again', () => {
  const made = built();
  const { secrets, ...rest } = config();
  made.configure({ ...rest, secrets: new Map(), listeners: new Map() });
  made.configure({ ...rest, secrets });
  expect(made.builder.putSecret('s1', tlsSecret(1))).toEqual(['core']);
});

test('a certificate read for the first time brings its chain', () => {
  const made = bench();
  made.builder.build('core', 0);
  expect(names(made, 'core')).not.toContain('secret s1');
  made.builder.putSecret('s1', tlsSecret(1));
  made.builder.build('core', 0);
  expect(lastSet(made)).toEqual(['listener shop', 'secret s1']);
});

test('a route edit moves its table and nothing else', () => {
  const made = built();
  made.configure(
    config({ httpRoutes: [route('all', ['web'], ['b', 'a', 'b']), route('z', ['web'], ['a'])] }),
  );
  made.configure(config({ httpRoutes: [route('all', ['web'], ['b', 'a']), route('some', ['shop'], ['b'])] }));
  made.builder.build('edge', 0);
  expect(lastSet(made)).toEqual(['routes web']);
});

test('while a source was never read, its services have no endpoints set, rather than none', () => {
  const made = bench();
  made.builder.touchServices(made.world.put('dc', failure('a'), 0));
  made.builder.build('edge', 0);
  expect(names(made, 'edge')).not.toContain('endpoints a');
  made.report('a', []);
  made.builder.build('edge', 0);
  expect(names(made, 'edge')).toContain('endpoints a');
});

test('an edit that only moves lines sends nothing, and every resource knows its new line', () => {
  const made = built();
  const at = (line: number) => ({ object: 'services/b', file: 'muster.yaml', line });
  made.configure(config({ services: [service('a', ['dc']), service('b', ['dc'], { origin: at(40) })] }));
  for (const name of ['edge', 'core']) {
    expect(made.builder.build(name, 0)).toEqual({ kind: 'unchanged' });
    for (const type of ['cluster', 'endpoints']) {
      expect(made.builder.find(name, type, 'b')?.origins).toEqual([at(40)]);
    }
  }
});
