import { expect, test } from 'vitest';
import { MusterError } from '../../../src/errors.ts';
import { group, service } from '../fixtures.ts';
import { bench, built, config, lastSet, names } from './bench.ts';

test('from some listeners to none is refused unless the group allows it', () => {
  const made = built();
  const before = made.held('edge');
  made.configure(config({ groups: [group('edge', []), group('core', ['shop'])] }));
  expect(() => made.builder.build('edge', 0)).toThrow(/from 1 listeners to none; .*allowEmpty: true/);
  expect(made.held('edge')).toEqual(before);
  const [problem] = made.builder.status('edge')?.problems ?? [];
  expect(problem?.origin).toMatchObject({ object: 'groups/edge', line: 9 });
  made.configure(config({ groups: [group('edge', [], { allowEmpty: true })] }));
  expect(made.builder.build('edge', 0)).toMatchObject({ kind: 'committed' });
  expect(names(made, 'edge')).not.toContain('listener web');
  expect(made.builder.status('edge')?.problems).toEqual([]);
});

test('what cannot be built keeps its last good form, is named, and holds nothing else up', () => {
  const made = built();
  const before = made.held('edge');
  made.fake.broken.add('cluster a');
  made.configure(config({ services: [service('a', ['dc']), service('b', ['dc'], { protocol: 'http2' })] }));
  made.builder.build('edge', 0);
  expect(lastSet(made)).toEqual(['cluster b']);
  expect(made.held('edge')['cluster a']).toEqual(before['cluster a']);
  expect(made.builder.status('edge')?.problems.map(({ message }) => message)).toEqual(['a is broken']);
});

test('a cluster that never could be built is left out, and its routes say so', () => {
  const made = bench();
  made.fake.broken.add('cluster a');
  made.builder.build('edge', 0);
  expect(names(made, 'edge')).not.toContain('cluster a');
  const messages = made.builder.status('edge')?.problems.map(({ message }) => message);
  expect(messages).toContain('service "a" could not be built: what is routed to it answers 503');
});

test('a build that throws leaves what was there, shows why, and is made whole by the next one', () => {
  const made = built();
  const before = made.held('edge');
  made.configure(config({ services: [service('a', ['dc'], { protocol: 'http2' }), service('b', ['dc'])] }));
  made.fake.failure = new MusterError('build_failed', 'no such thing', { origin: { object: 'services/a' } });
  made.report('b', [7]);
  expect(() => made.builder.build('edge', 0)).toThrow('no such thing');
  expect(made.held('edge')).toEqual(before);
  expect(made.builder.status('edge')?.problems).toEqual([
    { origin: { object: 'services/a' }, message: 'no such thing' },
  ]);
  made.fake.failure = undefined;
  made.builder.build('edge', 0);
  expect(lastSet(made)?.toSorted()).toEqual(['cluster a', 'endpoints b']);
  expect(made.builder.status('edge')?.problems).toEqual([]);
});

test('a resource beyond 32 MiB is refused with its name and size', () => {
  const made = built();
  made.fake.clusterBytes = 32 * 1024 * 1024 + 1;
  made.builder.sweep();
  expect(() => made.builder.build('edge', 0)).toThrow(/^a: its resource has 33554433 bytes/);
});
