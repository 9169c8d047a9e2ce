import { describe, expect, test } from 'vitest';
import { parseInstances } from '../../../src/discovery/static/parse.ts';
import { MusterError } from '../../../src/errors.ts';

describe('parseInstances', () => {
  test("muster's own shape", () => {
    const text = `
instances:
  - { address: 10.0.0.1, port: 8080, service: web, region: eu, zone: a, subZone: r1, weight: 5, health: DRAINING, labels: { version: v2 } }
  - { id: db-1, address: "2001:DB8:0::1", ports: { http: 80, admin: 81 } }
  - { address: 10.0.0.2 }
`;
    expect(parseInstances(text, 'f')).toEqual([
      {
        id: 'web/10.0.0.1:8080',
        address: '10.0.0.1',
        ports: { '': 8080 },
        locality: { region: 'eu', zone: 'a', subZone: 'r1' },
        health: 'DRAINING',
        weight: 5,
        labels: { 'file.service': 'web', 'file.label.version': 'v2' },
      },
      {
        id: 'db-1',
        address: '2001:db8::1',
        ports: { http: 80, admin: 81 },
        locality: { region: '', zone: '', subZone: '' },
        health: 'HEALTHY',
        labels: {},
      },
      expect.objectContaining({ id: '10.0.0.2', ports: {} }),
    ]);
  });

  test("Prometheus' file_sd shape", () => {
    const text =
      '[{"targets": ["10.0.0.1:80", "[::1]:81", "10.0.0.3"], "labels": {"job": "web"}}, {"targets": ["10.0.0.1:80"]}]';
    const found = parseInstances(text, 'f');
    expect(found.map(({ id, ports }) => [id, ports])).toEqual([
      ['10.0.0.1:80', { '': 80 }],
      ['::1:81', { '': 81 }],
      ['10.0.0.3', {}],
      ['10.0.0.1:80#2', { '': 80 }],
    ]);
    expect(found[0]?.labels).toEqual({ 'file.label.job': 'web' });
  });

  test('an empty list', () => {
    expect(parseInstances('[]', 'f')).toEqual([]);
    expect(parseInstances('instances: []', 'f')).toEqual([]);
  });

  test.for<[name: string, text: string, message: RegExp]>([
    [
      'a hostname',
      '- targets: ["web.example.com:80"]',
      /^f:1:13: \[0\]\.targets\[0\]: "web.example.com" is not an IP address/,
    ],
    ['a URL', '- targets: ["http://10.0.0.1"]', /is a URL: write only address:port/],
    [
      'port 0',
      'instances: [{ address: 10.0.0.1, port: 0 }]',
      /f:1:40: instances\[0\]\.port: ports are 1-65535/,
    ],
    ['port 70000 in a target', '- targets: ["10.0.0.1:70000"]', /port 70000 .*: ports are 1-65535/],
    ['NaN (BAD6)', 'instances: [{ address: 10.0.0.1, port: .nan }]', /instances\[0\]\.port/],
    ['weight 129', 'instances: [{ address: 10.0.0.1, weight: 129 }]', /weights are 1-128/],
    [
      'an unknown key',
      'instances: [{ address: 10.0.0.1, prot: 80 }]',
      /instances\[0\]: Unrecognized key: "prot"/,
    ],
    [
      '__proto__ (BAD6)',
      'instances: [{ address: 10.0.0.1, __proto__: { port: 80 } }]',
      /Unrecognized key: "__proto__"/,
    ],
    ['duplicate keys (BAD6)', 'instances: []\ninstances: []', /^f:2:1: Map keys must be unique/],
    [
      '__proto__ in JSON (BAD6)',
      '[{"targets": [], "__proto__": {"port": 80}}]',
      /^f:1:2: \[0\]: Unrecognized key: "__proto__"/,
    ],
    [
      'duplicate keys in JSON (BAD6)',
      '[{"targets": [], "\\u0074argets": []}]',
      /^f:1:\d+: Map keys must be unique/,
    ],
    ['an alias bomb (BAD6)', bomb(), /alias/],
    ['many aliases', `[{ targets: &a [] }${', { targets: *a }'.repeat(101)}]`, /101 aliases; at most 100/],
    [
      'a label that is no text',
      'instances: [{ address: 10.0.0.1, labels: { v: 1.10 } }]',
      /write it in quotes/,
    ],
    ['an unspecified address', 'instances: [{ address: 0.0.0.0 }]', /is a unspecified address|unspecified/],
    [
      'the same id twice',
      'instances: [{ id: a, address: 10.0.0.1 }, { id: a, address: 10.0.0.2 }]',
      /instances\[1\]\.id: the id "a" is already that of instances\[0\]/,
    ],
    ['broken YAML', 'instances:\n  - { address: 10.0.0.1', /^f:\d+:\d+: /],
    ['a lone text', 'hello', /expected object/i],
  ])('refuses %s', ([, text, message]) => {
    expect(() => parseInstances(text, 'f')).toThrow(message);
    expect(Object.hasOwn(Object.prototype, 'port')).toBe(false);
  });

  test('names every problem at once', () => {
    try {
      parseInstances('instances: [{ address: a }, { address: b }]', 'f');
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof MusterError)) throw error;
      expect(error.problems.map(({ path, line, column }) => [path, line, column])).toEqual([
        ['instances[0].address', 1, 24],
        ['instances[1].address', 1, 40],
      ]);
      expect(error.message).toMatch(/\(and 1 more\)$/);
    }
  });
});

function bomb(): string {
  const rows = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [name, before] of [
    ['b', 'a'],
    ['c', 'b'],
    ['d', 'c'],
    ['e', 'd'],
    ['f', 'e'],
  ]) {
    rows.push(
      `${name}: &${name} [*${before}, *${before}, *${before}, *${before}, *${before}, *${before}, *${before}, *${before}]`,
    );
  }
  return rows.join('\n');
}
