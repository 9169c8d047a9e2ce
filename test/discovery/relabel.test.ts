import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { relabelRules } from '../../src/config/schema/relabel.ts';
import { compileRelabel } from '../../src/discovery/relabel.ts';
import { compileTemplate } from '../../src/discovery/relabel-template.ts';
import { type Instance, NO_LOCALITY } from '../../src/model/instance.ts';

type Labels = Record<string, string>;

function instance(labels: Labels = {}, more: Partial<Instance> = {}): Instance {
  const ports = { '': 80 };
  return { id: 'i-1', address: '10.0.0.1', ports, locality: NO_LOCALITY, health: 'HEALTHY', labels, ...more };
}

/** As a user writes them: the schema fills in the defaults. */
function relabel(rules: unknown, one: Instance) {
  return compileRelabel(relabelRules.parse(rules))(one);
}

function labelsAfter(rules: unknown, labels: Labels): Labels | string {
  const result = relabel(rules, instance(labels));
  return 'dropped' in result ? result.dropped : { ...result.instance.labels };
}

/** What Prometheus' documentation and its tests say of the same rules; `dropped` where it drops. */
const CASES: readonly (readonly [string, unknown, Labels, Labels | 'dropped'])[] = [
  [
    'replace: groups in the replacement',
    [{ source_labels: ['a'], regex: 'f(.*)', target_label: 'd', replacement: 'ch${1}-ch${1}' }],
    { a: 'foo', b: 'bar' },
    { a: 'foo', b: 'bar', d: 'choo-choo' },
  ],
  [
    'replace: a rule sees what those before it wrote',
    [
      { source_labels: ['a', 'b'], regex: 'f(.*);(.*)r', target_label: 'a', replacement: 'b${1}${2}m' },
      {
        source_labels: ['c', 'a'],
        regex: '(b).*b(.*)ba(.*)',
        target_label: 'd',
        replacement: '$1$2$2$3',
      },
    ],
    { a: 'foo', b: 'bar', c: 'baz' },
    { a: 'boobam', b: 'bar', c: 'baz', d: 'boooom' },
  ],
  [
    'replace: no match, no change',
    [{ source_labels: ['a'], regex: 'f', target_label: 'b', replacement: 'bar' }],
    { a: 'boo' },
    { a: 'boo' },
  ],
  [
    'replace: the expression is over the whole text',
    [{ source_labels: ['a'], regex: 'oo', target_label: 'b', replacement: 'bar' }],
    { a: 'foo' },
    { a: 'foo' },
  ],
  [
    'replace: alternatives are anchored as one',
    [{ source_labels: ['a'], regex: 'f|o', target_label: 'b', replacement: 'x' }],
    { a: 'foo' },
    { a: 'foo' },
  ],
  [
    'replace: a part of the value',
    [{ source_labels: ['a'], regex: '.*(b).*', target_label: 'd' }],
    { a: 'abc' },
    { a: 'abc', d: 'b' },
  ],
  [
    'replace: a template as target',
    [
      {
        source_labels: ['a'],
        regex: 'some-([^-]+)-([^,]+)',
        target_label: '${1}',
        replacement: '${2}',
      },
    ],
    { a: 'some-name-value' },
    { a: 'some-name-value', name: 'value' },
  ],
  [
    'replace: named groups',
    [{ source_labels: ['a'], regex: '(?P<k>\\w+)=(?P<v>\\w+)', target_label: '$k', replacement: '<${v}>' }],
    { a: 'x=y' },
    { a: 'x=y', x: '<y>' },
  ],
  [
    'replace: an empty value deletes the label',
    [{ source_labels: ['a'], regex: 'some-(.*)', target_label: 'b', replacement: '${2}' }],
    { a: 'some-name', b: 'old' },
    { a: 'some-name' },
  ],
  [
    'replace: an empty target writes nothing',
    [{ source_labels: ['a'], regex: 'some-(.*)', target_label: '${3}', replacement: '${1}' }],
    { a: 'some-name-0' },
    { a: 'some-name-0' },
  ],
  [
    'replace: without sources it writes a constant',
    [{ target_label: 'env', replacement: 'prod' }],
    {},
    { env: 'prod' },
  ],
  [
    'replace: a list of tags taken apart',
    [
      { source_labels: ['tags'], regex: '(?:.+,|^)job:([^,]+).*', target_label: 'job' },
      {
        source_labels: ['tags'],
        regex: '(?:.+,|^)label:([^=]+)=([^,]+).*',
        target_label: '$1',
        replacement: '$2',
      },
    ],
    { tags: 'path:/secret,job:some-job,label:foo=bar' },
    { tags: 'path:/secret,job:some-job,label:foo=bar', job: 'some-job', foo: 'bar' },
  ],
  [
    'replace: a dot takes a line break (Prometheus 3)',
    [{ source_labels: ['a'], regex: 'one(.*)', target_label: 'b' }],
    { a: 'one\ntwo' },
    { a: 'one\ntwo', b: '\ntwo' },
  ],
  [
    'replace: labels that are not there are empty',
    [{ source_labels: ['x', 'a', 'y'], separator: '/', target_label: 'b' }],
    { a: 'v' },
    { a: 'v', b: '/v/' },
  ],
  ['keep: match', [{ source_labels: ['a'], regex: 'f.*', action: 'keep' }], { a: 'foo' }, { a: 'foo' }],
  ['keep: none', [{ source_labels: ['a'], regex: 'no', action: 'keep' }], { a: 'foo' }, 'dropped'],
  ['keep: absent', [{ source_labels: ['b'], regex: '.+', action: 'keep' }], { a: 'foo' }, 'dropped'],
  ['drop: match', [{ source_labels: ['a'], regex: '.*o.*', action: 'drop' }], { a: 'foo' }, 'dropped'],
  ['drop: whole', [{ source_labels: ['a'], regex: 'f|o', action: 'drop' }], { a: 'foo' }, { a: 'foo' }],
  [
    'drop: later rules do not run',
    [
      { source_labels: ['a'], regex: 'foo', action: 'drop' },
      { target_label: 'a', replacement: 'kept' },
    ],
    { a: 'foo' },
    'dropped',
  ],
  [
    'keepequal: equal',
    [{ source_labels: ['p'], target_label: 'q', action: 'keepequal' }],
    { p: '1234', q: '1234' },
    { p: '1234', q: '1234' },
  ],
  [
    'keepequal: other',
    [{ source_labels: ['p'], target_label: 'q', action: 'keepequal' }],
    { p: '1234', q: '5678' },
    'dropped',
  ],
  [
    'dropequal: equal',
    [{ source_labels: ['p'], target_label: 'q', action: 'dropequal' }],
    { p: '1', q: '1' },
    'dropped',
  ],
  [
    'dropequal: other',
    [{ source_labels: ['p'], target_label: 'q', action: 'dropequal' }],
    { p: '1', q: '2' },
    { p: '1', q: '2' },
  ],
  [
    'hashmod',
    [{ source_labels: ['c'], target_label: 'd', action: 'hashmod', modulus: 1000 }],
    { c: 'baz' },
    { c: 'baz', d: '976' },
  ],
  [
    'hashmod: of a line break',
    [{ source_labels: ['a'], target_label: 'b', action: 'hashmod', modulus: 1000 }],
    { a: 'foo\nbar' },
    { a: 'foo\nbar', b: '734' },
  ],
  [
    'labelmap',
    [{ regex: '(b.*)', replacement: 'bar_${1}', action: 'labelmap' }],
    { a: 'foo', b1: 'bar', b2: 'baz' },
    { a: 'foo', b1: 'bar', b2: 'baz', bar_b1: 'bar', bar_b2: 'baz' },
  ],
  [
    'labelmap: names with dots',
    [{ regex: 'ec2\\.tag\\.(my.*)', action: 'labelmap' }],
    { 'ec2.tag.my_bar': 'aaa', 'ec2.tag.other': 'ccc' },
    { 'ec2.tag.my_bar': 'aaa', 'ec2.tag.other': 'ccc', my_bar: 'aaa' },
  ],
  [
    'labelmap: what it writes it does not map again',
    [{ regex: '(a+)', replacement: '${1}a', action: 'labelmap' }],
    { a: '1', aa: '2' },
    { a: '1', aa: '1', aaa: '2' },
  ],
  [
    'labelkeep',
    [{ regex: '(b.*)', action: 'labelkeep' }],
    { a: 'foo', b1: 'x', b2: 'y' },
    { b1: 'x', b2: 'y' },
  ],
  ['labeldrop', [{ regex: '(b.*)', action: 'labeldrop' }], { a: 'foo', b1: 'x', b2: 'y' }, { a: 'foo' }],
  [
    'labeldrop of what a rule wrote',
    [
      { target_label: 'tmp_x', replacement: '1' },
      { regex: 'tmp_.*', action: 'labeldrop' },
    ],
    { a: 'foo' },
    { a: 'foo' },
  ],
  [
    'uppercase and lowercase',
    [
      { source_labels: ['foo'], target_label: 'up', action: 'uppercase' },
      { source_labels: ['foo'], target_label: 'low', action: 'lowercase' },
    ],
    { foo: 'bAr123Foo' },
    { foo: 'bAr123Foo', up: 'BAR123FOO', low: 'bar123foo' },
  ],
  [
    'case of characters one at a time, as Go does it',
    [
      { source_labels: ['a'], target_label: 'up', action: 'uppercase' },
      { source_labels: ['a'], target_label: 'low', action: 'lowercase' },
    ],
    { a: 'ßéΣİᾳᾐŉ' },
    { a: 'ßéΣİᾳᾐŉ', up: 'ßÉΣİᾼᾘŉ', low: 'ßéσiᾳᾐŉ' },
  ],
  [
    'lowercase of nothing deletes the target',
    [{ source_labels: ['x'], target_label: 'a', action: 'lowercase' }],
    { a: 'foo' },
    {},
  ],
  [
    'labels that begin with __ vanish',
    [
      { source_labels: ['a'], target_label: '__tmp' },
      { source_labels: ['__tmp'], target_label: 'b' },
    ],
    { a: 'foo' },
    { a: 'foo', b: 'foo' },
  ],
  [
    'names of Object.prototype are names like others',
    [
      { source_labels: ['constructor'], target_label: 'a' },
      { target_label: '__proto__x', replacement: 'x' },
      { target_label: 'toString', replacement: 'x' },
    ],
    { b: '1' },
    { b: '1', toString: 'x' },
  ],
];

describe('SRC12: relabelling is that of Prometheus', () => {
  test.each(CASES)('%s', (_, rules, before, after) => {
    const result = labelsAfter(rules, before);
    if (after === 'dropped') expect(result).toMatch(/^rule 1: /);
    else expect(result).toEqual(after);
  });

  test.each([
    ['$1', 'one'],
    ['${1}', 'one'],
    ['$0', 'all'],
    ['$2$1', 'twoone'],
    ['$name', 'two'],
    ['${name}x', 'twox'],
    ['$1x', ''],
    ['${1}x', 'onex'],
    ['$9', ''],
    ['$01', ''],
    ['$3', ''],
    ['${nobody}', ''],
    ['$constructor', ''],
    ['a$$1', 'a$1'],
    ['$', '$'],
    ['a$', 'a$'],
    ['${1', '${1'],
    ['$-', '$-'],
    ['${}', '${}'],
    ['${a-b}', '${a-b}'],
    ['plain', 'plain'],
    ['', ''],
  ])('the template %j is %j, as Go expands it', (text, expected) => {
    expect(compileTemplate(text, { name: 2 })(['all', 'one', 'two', undefined])).toBe(expected);
  });
});

describe('SRC12: what a source says of the instance itself', () => {
  const v6 = instance({}, { address: '2001:db8::1', ports: { http: 8080 } });
  const read = (name: string, one: Instance) => {
    const result = relabel([{ source_labels: [name], target_label: 'seen', regex: '(.*)' }], one);
    return 'dropped' in result ? result.dropped : (result.instance.labels['seen'] ?? '');
  };

  test.each<[string, Instance, string]>([
    ['__address__', instance(), '10.0.0.1:80'],
    ['__address__', v6, '[2001:db8::1]:8080'],
    ['__address__', instance({}, { ports: {} }), '10.0.0.1'],
    ['__address__', instance({}, { ports: { a: 1, b: 2 } }), '10.0.0.1'],
    ['__address__', instance({}, { address: '2001:db8::1', ports: {} }), '2001:db8::1'],
    ['__port__', instance(), '80'],
    ['__port__', instance({}, { ports: { a: 1, b: 2 } }), ''],
    ['__port__', instance({}, { ports: { a: 1, '': 2 } }), '2'],
    ['__region__', instance({}, { locality: { region: 'r', zone: 'z', subZone: 's' } }), 'r'],
    ['__zone__', instance({}, { locality: { region: 'r', zone: 'z', subZone: 's' } }), 'z'],
    ['__weight__', instance({}, { weight: 7 }), '7'],
    ['__weight__', instance(), ''],
    ['__health__', instance(), 'HEALTHY'],
    ['__id__', instance(), 'i-1'],
  ])('%s is read (%#)', (name, one, expected) => {
    expect(read(name, one)).toBe(expected);
  });

  test.each<[string, string, Partial<Instance>]>([
    ['__address__', '10.0.0.9:90', { address: '10.0.0.9', ports: { '': 90 } }],
    ['__address__', '10.0.0.9', { address: '10.0.0.9', ports: { '': 80 } }],
    ['__address__', '[2001:DB8::0:1]:90', { address: '2001:db8::1', ports: { '': 90 } }],
    ['__address__', '2001:db8::1', { address: '2001:db8::1', ports: { '': 80 } }],
    ['__port__', '9090', { ports: { '': 9090 } }],
    ['__port__', '080', {}],
    ['__port__', '', { ports: {} }],
    ['__zone__', 'b', { locality: { region: '', zone: 'b', subZone: '' } }],
    ['__region__', 'eu', { locality: { region: 'eu', zone: '', subZone: '' } }],
    ['__weight__', '128', { weight: 128 }],
    ['__health__', 'DRAINING', { health: 'DRAINING' }],
    ['__id__', 'other', {}],
  ])('%s set to %j is applied', (target_label, replacement, expected) => {
    const result = relabel([{ target_label, replacement }], instance({ a: 'x' }));
    expect(result).toEqual({ instance: instance({ a: 'x' }, expected) });
  });

  test('the only port keeps its name, several get an unnamed one beside them', () => {
    const rules = [{ target_label: '__port__', replacement: '9' }];
    const ports = (before: Instance['ports']) => {
      const result = relabel(rules, instance({}, { ports: before }));
      return 'instance' in result ? result.instance.ports : result.dropped;
    };
    expect(ports({ http: 80 })).toEqual({ http: 9 });
    expect(ports({ http: 80, admin: 81 })).toEqual({ http: 80, admin: 81, '': 9 });
  });

  test('__port__ has the last word over the port of __address__', () => {
    const rules = [
      { target_label: '__port__', replacement: '9' },
      { target_label: '__address__', replacement: '10.0.0.2:8' },
    ];
    expect(relabel(rules, instance())).toMatchObject({ instance: { address: '10.0.0.2', ports: { '': 9 } } });
  });

  test.each([
    ['__port__', 'x', 'not a port'],
    ['__port__', '0', 'not a port'],
    ['__port__', '65536', 'not a port'],
    ['__port__', '8e1', 'not a port'],
    ['__port__', '99999999999999999999', 'not a port'],
    ['__address__', 'web.internal:80', 'not an IP address with or without a port'],
    ['__address__', '10.0.0.1:', 'not an IP address with or without a port'],
    ['__address__', '[10.0.0.1', 'not an IP address with or without a port'],
    ['__address__', '10.0.0.1:70000', 'not a port'],
    ['__address__', '', 'not an IP address with or without a port'],
    ['__weight__', '0', 'not a weight of 1 to 128'],
    ['__weight__', '129', 'not a weight of 1 to 128'],
    ['__weight__', '-1', 'not a weight of 1 to 128'],
    ['__health__', 'healthy', 'not one of HEALTHY, DEGRADED, UNHEALTHY, DRAINING'],
  ])('%s set to %j drops the instance, in words', (target_label, replacement, why) => {
    const rules = [
      { target_label: 'x', replacement: 'y' },
      { target_label, replacement },
    ];
    const dropped = `rule 2 set ${target_label} to ${JSON.stringify(replacement)}: ${why}`;
    expect(relabel(rules, instance())).toEqual({ dropped });
  });

  test('labelmap reads them, labeldrop and labelkeep leave them', () => {
    const rules = [
      { regex: '__(zone)__', replacement: 'file.$1', action: 'labelmap' },
      { regex: '__.*', action: 'labeldrop' },
      { regex: 'file.*', action: 'labelkeep' },
    ];
    const one = instance({ a: 'x' }, { locality: { region: 'r', zone: 'z', subZone: '' } });
    expect(relabel(rules, one)).toEqual({ instance: { ...one, labels: { 'file.zone': 'z' } } });
  });
});

describe('SRC12: outcomes', () => {
  test('no rule matched, or nothing that stays was changed: the same object', () => {
    const one = instance({ a: 'foo', empty: '' });
    const rules = [
      { source_labels: ['a'], regex: 'bar', target_label: 'b' },
      { source_labels: ['a'], regex: 'b.*', action: 'drop' },
      { source_labels: ['a'], target_label: 'a' },
      { source_labels: ['__port__'], target_label: '__port__' },
      { target_label: '__tmp', replacement: 'x' },
      { regex: 'empty', action: 'labeldrop' },
      { target_label: 'b', replacement: 'x' },
      { target_label: 'b', replacement: '' },
    ];
    const result = relabel(rules, one);
    expect('instance' in result && result.instance).toBe(one);
  });

  test('what is dropped says by which rule', () => {
    const drop = { source_labels: ['a', 'b'], regex: 'x;y', action: 'drop' };
    const keep = { source_labels: ['a'], regex: 'q|r', action: 'keep' };
    const equal = { source_labels: ['a'], target_label: 'b', action: 'keepequal' };
    const one = instance({ a: 'x', b: 'y' });
    expect(relabel([drop], one)).toEqual({ dropped: 'rule 1: drop a, b "x;y" matches' });
    expect(relabel([equal], one)).toEqual({ dropped: 'rule 1: keepequal a and b' });
    const two = [{ target_label: 'z', replacement: '1' }, keep];
    expect(relabel(two, one)).toEqual({ dropped: 'rule 2: keep a "q|r" does not match' });
  });

  test('an instance is never changed in place', () => {
    const one = instance({ a: 'foo' });
    const before = structuredClone(one);
    relabel(
      [
        { target_label: '__port__', replacement: '9' },
        { regex: 'a', action: 'labeldrop' },
      ],
      one,
    );
    expect(one).toEqual(before);
  });

  test('values beyond what is remembered are looked at all the same', () => {
    const run = compileRelabel(
      relabelRules.parse([{ source_labels: ['a'], regex: '(.).*', target_label: 'b' }]),
    );
    for (let n = 0; n < 20_000; n += 1) {
      const result = run(instance({ a: `${n % 7}-${n}` }));
      expect('instance' in result && result.instance.labels['b']).toBe(String(n % 7));
    }
    const long = run(instance({ a: 'x'.repeat(5000) }));
    expect('instance' in long && long.instance.labels['b']).toBe('x');
  });
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('\ud800', '__proto__', 'a\nb', '__port__', '__address__', '65536', '$1', '${', '\0', ''),
);
const name = fc.oneof(
  text.filter((one) => one !== ''),
  fc.constantFrom('a', 'b', '__port__', '__address__', '__weight__', '__health__', '__zone__'),
);
const regex = fc.constantFrom(
  '(.*)',
  '.*',
  '(a)(b)?',
  '[^;]+',
  '(?P<x>.)+',
  '\\pL+',
  '',
  '__(.*)__',
  '(?i)A|b',
);
const action = fc.constantFrom(
  ...(['replace', 'keep', 'drop', 'keepequal', 'dropequal', 'hashmod'] as const),
  ...(['labelmap', 'labeldrop', 'labelkeep', 'lowercase', 'uppercase'] as const),
);
const rule = fc.record({
  action,
  sourceLabels: fc.array(name, { maxLength: 3 }),
  separator: text,
  regex,
  targetLabel: fc.oneof(name, fc.constantFrom('$1', '${x}', 'c$0')),
  replacement: text,
  modulus: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});

test('SRC12: no rules throw on any labels; what comes out could be served', () => {
  const labels = fc.dictionary(name, text, { maxKeys: 6 });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 6 }), labels, (rules, own) => {
      const one = instance(own);
      const result = compileRelabel(rules)(one);
      if ('dropped' in result) {
        expect(result.dropped).toMatch(/^rule \d/);
        return;
      }
      const { ports, weight = 1, labels: after } = result.instance;
      for (const port of Object.values(ports)) expect(port >= 1 && port <= 65_535).toBe(true);
      expect(weight >= 1 && weight <= 128).toBe(true);
      const added = Object.keys(after).filter((key) => key.startsWith('__') && !Object.hasOwn(own, key));
      expect(added).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});
