import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { relabelRules } from '../../src/config/schema/relabel.ts';
import { compileRelabel } from '../../src/discovery/relabel.ts';
import { type Instance, NO_LOCALITY } from '../../src/model/instance.ts';

const BASE: Instance = {
  id: 'i-1',
  address: '10.0.0.1',
  ports: { '': 80 },
  locality: { ...NO_LOCALITY, region: 'eu', zone: 'eu-a' },
  health: 'HEALTHY',
  weight: 5,
  labels: {},
};

/** `${1}`, which is no placeholder of ours. */
const braced = (group: string | number): string => ['$', '{', group, '}'].join('');

/** Rules as people write them. */
function relabelled(rules: readonly object[], labels: Record<string, string>, over: Partial<Instance> = {}) {
  return compileRelabel(relabelRules.parse(rules))({ ...BASE, ...over, labels });
}

function labelsAfter(rules: readonly object[], labels: Record<string, string>): unknown {
  const outcome = relabelled(rules, labels);
  return 'instance' in outcome ? outcome.instance.labels : outcome.dropped;
}

/** The documented behaviour of Prometheus' relabelling, action by action. */
describe('SRC12: each action does what Prometheus does', () => {
  const abc = { a: 'foo', b: 'bar', c: 'baz' };
  test.each<[string, readonly object[], Record<string, string>, unknown]>([
    [
      'replace with a group',
      [
        {
          source_labels: ['a'],
          regex: 'f(.*)',
          target_label: 'd',
          replacement: `ch${braced(1)}-ch${braced(1)}`,
        },
      ],
      abc,
      { ...abc, d: 'choo-choo' },
    ],
    [
      'values are joined',
      [
        {
          source_labels: ['a', 'b'],
          regex: 'f(.*);(.*)r',
          target_label: 'a',
          replacement: `b${braced(1)}${braced(2)}m`,
        },
      ],
      abc,
      { ...abc, a: 'boobam' },
    ],
    [
      'another separator',
      [{ source_labels: ['a', 'b'], separator: '/', target_label: 'd' }],
      abc,
      { ...abc, d: 'foo/bar' },
    ],
    [
      'the expression must fit the whole value',
      [{ source_labels: ['a'], regex: 'fo', target_label: 'd' }],
      abc,
      abc,
    ],
    [
      'a dot fits a line break too',
      [{ source_labels: ['a'], target_label: 'd' }],
      { a: 'x\ny' },
      { a: 'x\ny', d: 'x\ny' },
    ],
    [
      'an empty replacement removes the label',
      [{ source_labels: ['a'], target_label: 'b', replacement: '' }],
      abc,
      { a: 'foo', c: 'baz' },
    ],
    [
      'a target made of a group',
      [{ source_labels: ['a'], regex: '(.*)', target_label: `x_${braced(1)}`, replacement: 'y' }],
      abc,
      { ...abc, x_foo: 'y' },
    ],
    [
      'a named group',
      [{ source_labels: ['a'], regex: '(?P<first>.).*', target_label: 'd', replacement: braced('first') }],
      abc,
      { ...abc, d: 'f' },
    ],
    [
      'a group that is not there is empty',
      [{ source_labels: ['a'], target_label: 'd', replacement: 'x$7y' }],
      abc,
      { ...abc, d: 'x' },
    ],
    [
      'a dollar by two',
      [{ source_labels: ['a'], target_label: 'd', replacement: '$$1' }],
      abc,
      { ...abc, d: '$1' },
    ],
    ['keep what fits', [{ source_labels: ['a'], regex: 'f.*', action: 'keep' }], abc, abc],
    [
      'keep drops the rest',
      [{ source_labels: ['a'], regex: 'x.*', action: 'keep' }],
      abc,
      'rule 1: keep a "x.*" does not match',
    ],
    [
      'drop',
      [{ source_labels: ['a'], regex: '.*o.*', action: 'drop' }],
      abc,
      'rule 1: drop a ".*o.*" matches',
    ],
    ['drop spares the rest', [{ source_labels: ['a'], regex: 'x', action: 'drop' }], abc, abc],
    [
      'a missing label is empty',
      [{ source_labels: ['none'], regex: '', action: 'drop' }],
      abc,
      'rule 1: drop none "" matches',
    ],
    [
      'keepequal',
      [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }],
      { a: 'x', b: 'x' },
      { a: 'x', b: 'x' },
    ],
    [
      'keepequal drops what differs',
      [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }],
      abc,
      'rule 1: keepequal a and b',
    ],
    [
      'dropequal',
      [{ source_labels: ['a'], target_label: 'b', action: 'dropequal' }],
      { a: 'x', b: 'x' },
      'rule 1: dropequal a and b',
    ],
    [
      'hashmod',
      [{ source_labels: ['c'], target_label: 'd', action: 'hashmod', modulus: 1000 }],
      abc,
      { ...abc, d: '976' },
    ],
    [
      'hashmod of a line break',
      [{ source_labels: ['a'], target_label: 'b', action: 'hashmod', modulus: 1000 }],
      { a: 'foo\nbar' },
      { a: 'foo\nbar', b: '734' },
    ],
    [
      'labelmap',
      [{ regex: '(b.*)', replacement: `bar_${braced(1)}`, action: 'labelmap' }],
      { a: 'foo', b1: 'bar', b2: 'baz' },
      { a: 'foo', b1: 'bar', b2: 'baz', bar_b1: 'bar', bar_b2: 'baz' },
    ],
    [
      'labeldrop',
      [{ regex: '(b.*)', action: 'labeldrop' }],
      { a: 'foo', b1: 'bar', b2: 'baz' },
      { a: 'foo' },
    ],
    [
      'labelkeep',
      [{ regex: '(b.*)', action: 'labelkeep' }],
      { a: 'foo', b1: 'bar', b2: 'baz' },
      { b1: 'bar', b2: 'baz' },
    ],
    [
      'lowercase',
      [{ source_labels: ['a'], target_label: 'd', action: 'lowercase' }],
      { a: 'FoO' },
      { a: 'FoO', d: 'foo' },
    ],
    [
      'uppercase',
      [{ source_labels: ['a'], target_label: 'a', action: 'uppercase' }],
      { a: 'FoO' },
      { a: 'FOO' },
    ],
    [
      'labels with a double underscore are gone at the end',
      [
        { source_labels: ['a'], target_label: '__tmp' },
        { source_labels: ['__tmp'], target_label: 'd' },
      ],
      { a: 'x' },
      { a: 'x', d: 'x' },
    ],
    [
      'rules run in order, and what is dropped is dropped by the first',
      [
        { source_labels: ['a'], target_label: 'b' },
        { source_labels: ['b'], regex: 'foo', action: 'drop' },
        { source_labels: ['a'], action: 'drop' },
      ],
      abc,
      'rule 2: drop b "foo" matches',
    ],
  ])('%s', (_, rules, labels, expected) => {
    expect(labelsAfter(rules, labels)).toEqual(expected);
  });
});

describe('what is known beside labels can be read and written', () => {
  const write = (name: string, value: string) => relabelled([{ target_label: name, replacement: value }], {});
  const from = (name: string) => labelsAfter([{ source_labels: [name], target_label: 'x' }], {});

  test.each([
    ['__address__', '10.0.0.1:80'],
    ['__port__', '80'],
    ['__region__', 'eu'],
    ['__zone__', 'eu-a'],
    ['__weight__', '5'],
    ['__health__', 'HEALTHY'],
    ['__id__', 'i-1'],
  ])('%s reads %s', (name, value) => {
    expect(from(name)).toEqual({ x: value });
  });

  test.each<[string, string, Partial<Instance>]>([
    ['__address__', '10.0.0.9:90', { address: '10.0.0.9', ports: { '': 90 } }],
    ['__address__', '10.0.0.9', { address: '10.0.0.9', ports: { '': 80 } }],
    ['__address__', '[2001:db8::1]:90', { address: '2001:db8::1', ports: { '': 90 } }],
    ['__address__', '2001:db8::1', { address: '2001:db8::1' }],
    ['__port__', '8080', { ports: { '': 8080 } }],
    ['__region__', 'us', { locality: { region: 'us', zone: 'eu-a', subZone: '' } }],
    ['__zone__', 'b', { locality: { region: 'eu', zone: 'b', subZone: '' } }],
    ['__weight__', '128', { weight: 128 }],
    ['__health__', 'DRAINING', { health: 'DRAINING' }],
  ])('%s written as %s', (name, value, expected) => {
    expect(write(name, value)).toEqual({ instance: expect.objectContaining(expected) });
  });

  test.each([
    ['__port__', '0'],
    ['__port__', '65536'],
    ['__port__', 'http'],
    ['__weight__', '129'],
    ['__health__', 'fine'],
    ['__address__', 'a:b:c]'],
  ])('%s written as %s drops the instance and says why', (name, value) => {
    expect(write(name, value)).toEqual({
      dropped: expect.stringContaining(`set ${name} to "${value}": not `),
    });
  });
});

test('an instance that no rule changes is the same object', () => {
  const rules = relabelRules.parse([{ source_labels: ['a'], regex: 'x', target_label: 'b' }]);
  const instance = { ...BASE, labels: { a: 'y' } };
  const outcome = compileRelabel(rules)(instance);
  expect('instance' in outcome && outcome.instance).toBe(instance);
});

test('labels of the names of built-in properties are labels like others', () => {
  expect(labelsAfter([{ source_labels: ['constructor'], regex: '', action: 'drop' }], {})).toContain(
    'rule 1',
  );
  const own = JSON.parse('{"__proto__x":"1","constructor":"y"}');
  expect(labelsAfter([{ source_labels: ['constructor'], target_label: 'd' }], own)).toMatchObject({ d: 'y' });
});

test('no rules and no labels, however odd, throw or share state', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const rule = fc.record({
    action: fc.constantFrom('replace', 'lowercase', 'keepequal', 'labelmap', 'labeldrop', 'labelkeep'),
    replacement: text,
    target_label: text.filter((one) => one !== ''),
    regex: fc.constantFrom('(.*)', '(?i)a(b)?.*', '.*?', '[^a]*'),
  });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 5 }), fc.dictionary(text, text), (rules, labels) => {
      const parsed = relabelRules.safeParse(
        rules.map((one) => (/keepequal|case/.test(one.action) ? { ...one, source_labels: ['a'] } : one)),
      );
      if (parsed.data === undefined) return;
      const run = compileRelabel(parsed.data);
      const instance = { ...BASE, labels };
      expect(run(instance)).toEqual(run({ ...instance }));
    }),
  );
});
