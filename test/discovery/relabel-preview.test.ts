import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relabelRules } from '../../src/config/schema/relabel.ts';
import { compileRelabel } from '../../src/discovery/relabel.ts';
import { previewRelabel, relabelPrefixes } from '../../src/discovery/relabel-preview.ts';
import { instance } from '../serve/fake-world.ts';

const rules = (...written: object[]) => relabelRules.parse(written);
const previewOf = (...written: object[]) => previewRelabel([...relabelPrefixes(rules(...written))]);
const WEB = instance('i-1', { labels: { app: 'web', stage: 'prod' } });

describe('previewRelabel', () => {
  it('SRC12: shows what each rule changed, and leaves out those that changed nothing', () => {
    const preview = previewOf(
      { source_labels: ['app'], target_label: 'service' },
      { source_labels: ['app'], regex: 'db', action: 'drop' },
      { source_labels: ['stage'], target_label: 'app' },
      { regex: 'stage', action: 'labeldrop' },
    );
    const { after, steps, dropped } = preview(WEB);
    expect(steps.map(({ rule, action, changes }) => ({ rule, action, changes }))).toEqual([
      { rule: 1, action: 'replace', changes: [{ label: 'service', before: undefined, after: 'web' }] },
      { rule: 3, action: 'replace', changes: [{ label: 'app', before: 'web', after: 'prod' }] },
      { rule: 4, action: 'labeldrop', changes: [{ label: 'stage', before: 'prod', after: undefined }] },
    ]);
    expect([after?.labels, dropped]).toEqual([{ app: 'prod', service: 'web' }, undefined]);
  });

  it('SRC12: stops at the rule that drops, with its reason', () => {
    const preview = previewOf(
      { source_labels: ['app'], regex: 'web', action: 'drop' },
      { source_labels: ['app'], target_label: 'service' },
    );
    const { after, steps, dropped } = preview(WEB);
    expect(after).toBeUndefined();
    expect(steps).toEqual([{ rule: 1, action: 'drop', changes: [], dropped }]);
    expect(dropped).toMatch(/^rule 1: drop app/);
  });

  it("shows a change of the instance's own facts", () => {
    const preview = previewOf(
      { target_label: '__port__', replacement: '8080' },
      { target_label: '__zone__', replacement: 'z1' },
    );
    expect(preview(WEB).steps.flatMap(({ changes }) => changes)).toEqual([
      { label: '__port__', before: '80', after: '8080' },
      { label: '__zone__', before: '', after: 'z1' },
    ]);
  });

  it('does not call dropped what a later rule mends', () => {
    const preview = previewOf(
      { target_label: '__port__', replacement: 'no' },
      { target_label: '__port__', replacement: '81' },
    );
    const { after, dropped } = preview(WEB);
    expect([after?.ports, dropped]).toEqual([{ '': 81 }, undefined]);
  });

  it('SRC12: ends where the rules end, whatever they are', () => {
    const label = fc.constantFrom('app', 'stage', 'x', '__port__', '__zone__', '__tmp');
    const rule = fc.record({
      source_labels: fc.array(label, { minLength: 1, maxLength: 2 }),
      target_label: label,
      regex: fc.constantFrom('(.*)', 'web', 'prod', 'w(.).*', '.+'),
      replacement: fc.constantFrom('$1', '', '7', 'x$1'),
      action: fc.constantFrom('replace', 'keep', 'drop', 'keepequal', 'dropequal', 'lowercase', 'uppercase'),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (written) => {
        const parsed = rules(...written);
        const outcome = compileRelabel(parsed)(WEB);
        const { after, dropped } = previewOf(...written)(WEB);
        expect('dropped' in outcome ? outcome : { instance: outcome.instance }).toEqual(
          dropped === undefined ? { instance: after } : { dropped },
        );
      }),
      { numRuns: 300 },
    );
  });
});
