import { expect, test } from 'vitest';
import { NodeRegistry, type Refusal } from '../../src/fleet/nodes.ts';

const refusal = (version: string): Refusal => {
  return {
    message: 'no',
    version,
    at: 1,
    objects: [{ object: 'httpRoutes/shop', file: 'muster.yaml', line: 4 }],
  };
};

test('a refusal stands by stream and type until it is ACKed or the stream ends', () => {
  const nodes = new NodeRegistry();
  nodes.nack(1, 'routes', refusal('v1'));
  nodes.nack(1, 'clusters', refusal('v2'));
  nodes.nack(2, 'routes', refusal('v3'));
  expect(nodes.refusal(1, 'routes')).toEqual(refusal('v1'));
  nodes.nack(1, 'routes', refusal('v4'));
  expect(nodes.refusal(1, 'routes')?.version).toBe('v4');
  nodes.ack(1, 'routes');
  nodes.ack(9, 'routes');
  expect(nodes.refusal(1, 'routes')).toBeUndefined();
  expect(nodes.refusal(1, 'clusters')?.version).toBe('v2');
  nodes.closed(1);
  expect(nodes.refusal(1, 'clusters')).toBeUndefined();
  expect(nodes.refusal(2, 'routes')?.version).toBe('v3');
});

test('a node that is turned away again and again is one entry, and news only when the reason is', () => {
  const nodes = new NodeRegistry();
  expect(nodes.turnAway('n1', '10.0.0.1', 'no group', 1)).toBe(true);
  expect(nodes.turnAway('n1', '10.0.0.2', 'no group', 2)).toBe(false);
  expect(nodes.turnAway('n1', '10.0.0.2', 'two groups', 3)).toBe(true);
  expect(nodes.turnedAway()).toEqual([
    { id: 'n1', address: '10.0.0.2', reason: 'two groups', at: 3, count: 3 },
  ]);
  nodes.admitted('n1');
  expect(nodes.turnedAway()).toEqual([]);
});

test('the newest 200 are remembered, by name, and of an id no more than 256 characters', () => {
  const nodes = new NodeRegistry();
  for (let index = 0; index < 300; index += 1) nodes.turnAway(`n${index}`, '', 'no', index);
  nodes.turnAway('n100', '', 'no', 300);
  nodes.turnAway('n300', '', 'no', 301);
  const ids = nodes.turnedAway().map(({ id }) => id);
  expect(ids).toHaveLength(200);
  expect(ids).toEqual([...ids].sort());
  expect(ids).toContain('n100');
  expect(ids).not.toContain('n101');
  nodes.turnAway('x'.repeat(10_000), '', 'no', 302);
  expect(nodes.turnedAway().at(-1)?.id).toBe('x'.repeat(256));
  nodes.admitted('x'.repeat(10_000));
  expect(nodes.turnedAway().some(({ id }) => id.startsWith('x'))).toBe(false);
});
