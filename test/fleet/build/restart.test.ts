import { expect, test } from 'vitest';
import { MusterError } from '../../../src/errors.ts';
import { failure } from '../fixtures.ts';
import { bench, built, config, lastSet, names } from './bench.ts';
import { MARKER, tlsSecret } from './rig.ts';

/** A builder that was given what another one kept. */
function restarted(...groups: readonly string[]) {
  const before = built();
  const after = bench();
  for (const name of groups) after.builder.restore(before.builder.record(name));
  return { before, after };
}

test('a record holds everything but the secrets, of which only the names', () => {
  const { builder } = built();
  const record = builder.record('core');
  expect(record).toMatchObject({ group: 'core', revision: 2, configHash: 'hash', knownSecrets: ['s1'] });
  expect(record.resources.map(({ typeUrl }) => typeUrl)).not.toContain('secret');
  expect(Buffer.concat(record.resources.map(({ bytes }) => bytes)).includes(MARKER)).toBe(false);
});

test('FAULT9: nothing is published before the first build', () => {
  expect(restarted('edge', 'core').after.publications).toEqual([]);
});

test('SRC4: endpoints of a source that has not answered yet stay as they were kept', () => {
  const { before, after } = restarted('edge');
  after.builder.touchServices(after.world.put('dc', failure('a'), 0));
  after.builder.build('edge', 0);
  expect(after.published('edge')).toEqual(before.held('edge'));
  after.report('a', [8]);
  after.builder.build('edge', 1);
  expect(lastSet(after)).toContain('endpoints a');
  expect(after.held('edge')['endpoints a']).not.toEqual(before.held('edge')['endpoints a']);
});

test('a listener whose certificate was known stands before the certificate is read again', () => {
  const { before, after } = restarted('core');
  after.builder.build('core', 0);
  expect(after.held('core')['listener shop']).toEqual(before.held('core')['listener shop']);
  expect(names(after, 'core')).not.toContain('secret s1');
  after.builder.putSecret('s1', tlsSecret(1));
  after.builder.build('core', 1);
  expect(after.published('core')).toEqual(before.held('core'));
  expect(lastSet(after)).toEqual(['secret s1']);
});

test('should the first build fail, what was kept is served under its revision', () => {
  const { before, after } = restarted('edge');
  after.fake.failure = new MusterError('build_failed', 'no such thing');
  expect(() => after.builder.build('edge', 0)).toThrow('no such thing');
  expect(after.published('edge')).toEqual(before.held('edge'));
  expect(after.publications.map(({ revision }) => revision)).toEqual([1]);
  expect(() => after.builder.build('edge', 0)).toThrow('no such thing');
  expect(after.publications).toHaveLength(1);
});

test('a restart to another config is an edit like any other: what it drops lingers', () => {
  const { after } = restarted('edge');
  const { services, httpRoutes, ...rest } = config();
  const only = (name: string) => (one: readonly [string, unknown]) => one[0] === name;
  const all = httpRoutes.get('some');
  after.configure({
    ...rest,
    services: new Map([...services].filter(only('b'))),
    httpRoutes: new Map(all === undefined ? [] : [['some', { ...all, listeners: ['web'] }]]),
  });
  after.builder.build('edge', 0);
  expect(names(after, 'edge')).toContain('cluster a');
  expect(after.builder.status('edge')?.lingering).toBe(2);
});
