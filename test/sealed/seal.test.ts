import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NONCE_BYTES, open, type Sealed, seal } from '../../src/sealed/seal.ts';
import { deriveSealKeys, fileNameOf } from '../../src/sealed/seal-keys.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';

const KEYS = deriveSealKeys(new SecretBytes(randomBytes(32)));
const FACTS = { name: 'shop', kind: 'tls', version: 'v1', ref: 'ab', end: 2_000, at: 1_000 } as const;
const SEALED: Sealed = {
  facts: FACTS,
  parts: { certificate: SecretBytes.fromUtf8('cert'), privateKey: SecretBytes.fromUtf8('hush-hush') },
};

function sealed(value = SEALED, keys = KEYS): Buffer {
  return seal(keys, value, randomBytes(NONCE_BYTES));
}

/** In the clear, to compare. */
function plain(opened: ReturnType<typeof open>) {
  if ('fault' in opened) return opened;
  const parts = Object.entries(opened.parts).map(([name, part]) => [name, Buffer.from(part.reveal())]);
  return { facts: opened.facts, parts };
}

const anyFacts = fc.record(
  {
    name: fc.string({ unit: 'binary' }),
    kind: fc.constantFrom('tls' as const, 'ca' as const, 'sessionTicketKeys' as const, 'value' as const),
    version: fc.string(),
    ref: fc.string(),
    at: fc.nat(),
    end: fc.nat(),
  },
  { requiredKeys: ['name', 'kind', 'version', 'ref', 'at'] },
);
const anyParts = fc
  .dictionary(
    fc.string(),
    fc.uint8Array({ maxLength: 5_000 }).map((bytes) => new SecretBytes(bytes)),
  )
  .map((parts) => ({ ...parts }));

test('what is sealed opens as it was, whatever is in it', () => {
  fc.assert(
    fc.property(anyFacts, anyParts, (facts, parts) => {
      expect(plain(open(KEYS, sealed({ facts, parts })))).toEqual(plain({ facts, parts }));
    }),
  );
});

test('nothing of the parts stands in the clear, and the same is never written twice alike', () => {
  const [one, two] = [sealed(), sealed()];
  expect(one.includes('hush-hush')).toBe(false);
  expect(one.equals(two)).toBe(false);
  expect(one.includes('shop')).toBe(true);
});

test('FAULT10: cut off at any byte, or with bytes added, it is damaged and nothing throws', () => {
  const bytes = sealed();
  for (let length = 0; length < bytes.length; length += 1) {
    expect(open(KEYS, bytes.subarray(0, length)), `${length} bytes`).toMatchObject({ fault: 'damaged' });
  }
  expect(open(KEYS, Buffer.concat([bytes, Buffer.alloc(1)]))).toMatchObject({ fault: 'damaged' });
});

test('FAULT10: with any bit flipped it does not open', () => {
  const bytes = sealed();
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(open(KEYS, flipped), `bit ${bit}`).toHaveProperty('fault');
  }
});

test('FAULT10: any bytes are refused', () => {
  const began = sealed().subarray(0, 17);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (noise, begins) => {
      const bytes = begins ? Buffer.concat([began, noise]) : Buffer.from(noise);
      expect(open(KEYS, bytes)).toHaveProperty('fault');
    }),
  );
});

test('another key and another format are told from damage', () => {
  const other = deriveSealKeys(new SecretBytes(randomBytes(32)));
  expect(open(other, sealed())).toMatchObject({ fault: 'another key' });
  const later = sealed();
  later[8] = 2;
  expect(open(KEYS, later)).toEqual({
    fault: 'another format',
    text: 'it is in format 2, this version reads 1',
  });
});

test('BAD10: a file name is 64 hex digits, whatever is in the name of the secret', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom('../../etc/passwd', 'a/b', '', '\0')), (name) => {
      expect(fileNameOf(KEYS, name)).toMatch(/^[0-9a-f]{64}\.sealed$/);
    }),
  );
  expect(fileNameOf(KEYS, 'a')).not.toBe(fileNameOf(KEYS, 'b'));
});

test('one key gives the same derived keys each time, each different from the others', () => {
  const key = new SecretBytes(Buffer.alloc(32, 7));
  const texts = (): string[] =>
    (['sealing', 'naming', 'versions'] as const).map((one) =>
      Buffer.from(deriveSealKeys(key)[one].reveal()).toString('hex'),
    );
  expect(new Set([...texts(), '07'.repeat(32)]).size).toBe(4);
  expect(texts()).toEqual(texts());
});
