import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { createEnvStore, envStore } from '../../../src/secrets/env/index.ts';

const never = new AbortController().signal;
const context = { name: 'env', baseDir: '/', hmacKey: new SecretBytes(Buffer.alloc(32, 7)) };
const ENVIRONMENT = { SHOP_TOKEN: 'marker-of-the-token', EMPTY: '', MUSTER_SEAL_KEY: 'marker-of-the-seal' };
const store = createEnvStore({}, context, ENVIRONMENT);

test('gives the value of a variable, under a version that is the same for the same text and key', async () => {
  const version = await store.read({ variable: 'SHOP_TOKEN' }, never);
  expect(Buffer.from(version?.parts?.['value']?.reveal() ?? []).toString()).toBe('marker-of-the-token');
  const again = createEnvStore({}, context, ENVIRONMENT);
  expect((await again.read({ variable: 'SHOP_TOKEN' }, never))?.version).toBe(version?.version);
  const other = createEnvStore({}, { ...context, hmacKey: undefined }, ENVIRONMENT);
  expect((await other.read({ variable: 'SHOP_TOKEN' }, never))?.version).not.toBe(version?.version);
  expect(inspect([version, store], { depth: 9, showHidden: true })).not.toContain('marker');
});

test.for(['NOT_SET', 'EMPTY', 'toString', '__proto__'])(
  'what is not set or empty is absent: %s',
  async (variable) => {
    expect(
      await createEnvStore({}, context, Object.assign(Object.create(null), ENVIRONMENT)).read(
        { variable },
        never,
      ),
    ).toBeUndefined();
  },
);

test('a prefix is a fence, and the settings of muster itself are behind one', async () => {
  const fenced = createEnvStore({ prefix: 'SHOP_' }, context, { ...ENVIRONMENT, OTHER: 'marker' });
  await expect(fenced.read({ variable: 'OTHER' }, never)).rejects.toThrow(
    /only variables that begin with SHOP_/,
  );
  expect(await fenced.read({ variable: 'SHOP_TOKEN' }, never)).toBeDefined();
  await expect(store.read({ variable: 'MUSTER_SEAL_KEY' }, never)).rejects.toThrow(
    /a setting of muster itself/,
  );
});

test('it holds values alone, and a name that is no variable is refused', () => {
  expect(Object.keys(envStore.refs)).toEqual(['value']);
  expect(envStore.refs.value?.safeParse({ variable: 'A-B' }).success).toBe(false);
  expect(envStore.refs.value?.safeParse({ variable: 'A', path: 'b' }).success).toBe(false);
});
