import { expect, test } from 'vitest';
import { configKeys } from '../../scripts/docs/config-keys.ts';

const CONDITION = {
  anyOf: [{ type: 'string' }, { type: 'object', properties: { not: { $ref: '#/$defs/condition' } } }],
};

const LISTENER = {
  type: 'object',
  required: ['port'],
  properties: {
    port: { type: 'integer', description: 'a|b' },
    protocol: { enum: ['HTTP', 'HTTPS'], default: 'HTTP' },
    names: { type: 'array', items: { type: 'object', properties: { host: { type: 'string' } } } },
    where: { $ref: '#/$defs/condition' },
  },
};

test('every key of the schema is a row, through lists, choices and references, and recursion ends', () => {
  const schema = {
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      listeners: { description: 'Where to listen.', type: 'object', additionalProperties: LISTENER },
    },
    $defs: { condition: CONDITION },
  };
  expect(configKeys(schema).split('\n')).toEqual([
    '### listeners',
    'Where to listen.',
    '',
    '| key | what | |',
    '|---|---|---|',
    '| `listeners.*` |  | object |',
    '| **`listeners.*.port`** | a\\|b | integer |',
    '| `listeners.*.protocol` |  | `HTTP` `HTTPS`, default `"HTTP"` |',
    '| `listeners.*.names` |  | array |',
    '| `listeners.*.names[]` |  | object |',
    '| `listeners.*.names[].host` |  | string |',
    '| `listeners.*.where` |  | string or object |',
    '| `listeners.*.where.not` |  | string or object |',
  ]);
});
