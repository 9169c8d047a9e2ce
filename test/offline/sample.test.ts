import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { sampleInstances } from '../../src/offline/sample.ts';
import { instance } from '../serve/fake-world.ts';

const CONSUL = { kind: 'consul', serviceLabel: 'consul.service' };
const FILE = { kind: 'file', serviceLabel: 'file.service' };
const entry = { address: '10.0.0.1', port: 80, service: 'web', labels: { 'consul.tag': 'v1' } };

const sample = (value: unknown) => ({ text: JSON.stringify(value), file: 's.json' });

test('labels are taken as they are written, the service by the label of the kind', () => {
  const [one] = sampleInstances(sample({ instances: [entry] }), CONSUL);
  expect(one?.labels).toEqual({ 'consul.tag': 'v1', 'consul.service': 'web' });
  const [ec2] = sampleInstances(sample({ instances: [entry] }), { kind: 'ec2', serviceLabel: undefined });
  expect(ec2?.labels).toEqual({ 'consul.tag': 'v1' });
});

test('for a file source they get its prefix, as its own files do', () => {
  const [one] = sampleInstances(sample({ instances: [entry] }), FILE);
  expect(one?.labels).toEqual({ 'file.label.consul.tag': 'v1', 'file.service': 'web' });
});

test('the file_sd shape of Prometheus is read', () => {
  const [one] = sampleInstances(sample([{ targets: ['10.0.0.1:80'], labels: { job: 'web' } }]), CONSUL);
  expect(one).toMatchObject({ address: '10.0.0.1', ports: { '': 80 }, labels: { job: 'web' } });
});

test('what muster instances printed is taken as it was seen, as JSON and as YAML', () => {
  const seen = instance('i-1', { weight: 3, labels: { seen: 'yes' } });
  const listed = {
    total: 1,
    left: 0,
    instances: [{ source: 'x', scope: 'y', held: false, seen, used: seen }],
  };
  expect(sampleInstances(sample(listed), CONSUL)).toEqual([seen]);
  expect(sampleInstances({ text: stringify(listed), file: 's.yaml' }, FILE)).toEqual([seen]);
});

test('a label named "seen" does not make a sample another', () => {
  const [one] = sampleInstances(sample({ instances: [{ ...entry, labels: { seen: 'yes' } }] }), CONSUL);
  expect(one?.labels).toEqual({ seen: 'yes', 'consul.service': 'web' });
});
