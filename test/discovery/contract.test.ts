import { expect, test } from 'vitest';
import type { ScopeReport } from '../../src/discovery/source.ts';
import { type Instance, NO_LOCALITY } from '../../src/model/instance.ts';
import { expectContract } from './suite.ts';

const one: Instance = {
  id: 'a',
  address: '10.0.0.1',
  ports: {},
  locality: NO_LOCALITY,
  health: 'HEALTHY',
  labels: {},
};
const complete = { kind: 'complete', scope: 's', instances: [one] } as const;
const failure = { kind: 'failure', scope: 's', error: new Error('no') } as const;
const unchanged = { kind: 'unchanged', scope: 's' } as const;

test.for<[name: string, reports: ScopeReport[]]>([
  ['an id twice', [{ ...complete, instances: [one, one] }]],
  ['unchanged before anything', [unchanged]],
  ['unchanged after a failure alone', [failure, unchanged]],
  ['unchanged of another scope', [complete, { ...unchanged, scope: 't' }]],
  ['a failure without words', [{ ...failure, error: new Error('') }]],
  ['more to come after the first round', [complete, { ...failure, more: true }]],
])('the suite refuses %s', ([, reports]) => {
  expect(() => expectContract(reports)).toThrow();
});

test('the suite takes what the contract allows', () => {
  const two = { ...complete, scope: 't' };
  expectContract([
    { ...complete, more: true },
    { ...failure, more: true },
    two,
    unchanged,
    failure,
    complete,
  ]);
});
