import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';

const [first, second] = [randomBytes(80), randomBytes(80)];

function check(keys: Uint8Array | string) {
  const bytes = typeof keys === 'string' ? SecretBytes.fromUtf8(keys) : new SecretBytes(keys);
  const { secret, problem, warnings } = checkMaterial(
    'sessionTicketKeys',
    { version: 'v', parts: { keys: bytes } },
    0,
  );
  const found =
    secret?.kind === 'sessionTicketKeys' ? secret.keys.map((key) => Buffer.from(key.reveal())) : [];
  return { found, problem, warnings };
}

const lines = (...keys: readonly Buffer[]) => keys.map((key) => key.toString('base64')).join('\r\n');

test.for([
  ['bytes', Buffer.concat([first, second])],
  ['lines of base64', lines(first, second)],
  ['lines with a last line end', `${lines(first, second)}\n`],
] as const)('keys as %s, the newest first', ([, text]) => {
  expect(check(text)).toEqual({ found: [first, second], problem: undefined, warnings: [] });
});

test.for([
  ['no keys', Buffer.alloc(0), /there are no keys/],
  ['a short key', randomBytes(79), /80 bytes each, key 1 has 79/],
  ['one and a half', Buffer.concat([first, second.subarray(40)]), /key 2 has 40/],
  ['a short line', lines(first, second.subarray(1)), /line 2 has 79/],
  ['a line that openssl broke', first.toString('base64').replace(/(.{64})/, '$1\n'), /line 1 has 48/],
  ['too many', Buffer.concat(Array.from({ length: 17 }, () => randomBytes(80))), /17 keys; at most 16/],
] as const)('%s: refused in words, without a byte of it', ([, keys, words]) => {
  const { found, problem } = check(keys);
  expect(found).toEqual([]);
  expect(problem).toMatch(words);
  expect(problem).not.toContain(first.toString('base64').slice(0, 12));
});

test('one key twice is odd, and served', () => {
  expect(check(Buffer.concat([first, first])).warnings).toEqual(['a session ticket key is there twice']);
});
