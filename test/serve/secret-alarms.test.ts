import { pino } from 'pino';
import { expect, test } from 'vitest';
import { World } from '../../src/fleet/world.ts';
import type { SecretStatus } from '../../src/secrets/refresh.ts';
import { Alarms } from '../../src/serve/alarms.ts';
import { secretAlarms } from '../../src/serve/secret-alarms.ts';

const END = Date.parse('2026-12-01T00:00:00Z');

function status(changes: Partial<SecretStatus>): SecretStatus {
  return {
    name: 'shop',
    kind: 'tls',
    store: 'vault',
    state: 'ok',
    version: '1',
    problem: undefined,
    warnings: [],
    alarm: 'none',
    failures: 0,
    lastRead: 0,
    lastSuccess: 0,
    notAfter: END,
    nextAttempt: 1,
    ...changes,
  };
}

test.for<[Partial<SecretStatus>, readonly RegExp[]]>([
  [{}, []],
  [{ failures: 2, state: 'failing', problem: 'sealed' }, []],
  [{ failures: 3, state: 'failing', problem: 'sealed' }, [/served until 2026-12-01T00:00:00.000Z: sealed/]],
  [
    { failures: 9, state: 'absent', problem: 'sealed', notAfter: undefined },
    [/nothing of it is served: sealed/],
  ],
  [{ alarm: 'warn' }, [/ends on 2026-12-01.* 80 %/]],
  [{ alarm: 'page', failures: 5, problem: 'sealed' }, [/cannot be read/, /90 %/]],
  [{ alarm: 'expired' }, [/ended on 2026-12-01.*served on/]],
])('%j', ([changes, words]) => {
  const found = secretAlarms([status(changes)]);
  expect(found).toHaveLength(words.length);
  for (const [index, word] of words.entries()) {
    expect(found[index]).toMatchObject({ secret: 'shop', message: expect.stringMatching(word) });
  }
});

test('FAULT7: each step is one line in the log, and so is the end of it', () => {
  const lines: string[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line: string) => lines.push(line) });
  const alarms = new Alarms(new World(), logger);
  const told = (changes: Partial<SecretStatus>): readonly string[] => {
    alarms.check([], [status(changes)]);
    return lines.splice(0).map((line) => {
      const { level, alarm } = JSON.parse(line);
      return `${level} ${alarm}`;
    });
  };
  const failing = { failures: 3, problem: 'sealed', state: 'failing' } as const;
  expect(told(failing)).toEqual(['50 failing']);
  expect(told({ ...failing, failures: 40 })).toEqual([]);
  expect(told({ ...failing, alarm: 'warn' })).toEqual(['50 expiring']);
  expect(told({ ...failing, alarm: 'page' }).toSorted()).toEqual(['30 expiring', '50 expiring']);
  expect(told({}).toSorted()).toEqual(['30 expiring', '30 failing']);
});
