import { beforeEach, expect, test } from 'vitest';
import { createUnwrapper } from '../../../src/secrets/vault/auth/wrapped-secret-id.ts';
import type { VaultCall } from '../../../src/secrets/vault/client.ts';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';

const ORIGIN = 'auth/approle/role/shop/secret-id';
const LOST = new VaultFault('down', 'gave no answer');

/** Wrapping tokens that were not used yet, and where each was made. */
let fresh: Map<string, string>;
let unwraps: number;
/** What an unwrapping fails with, the token being spent or not. */
let fault: { readonly error: VaultFault; readonly spends: boolean } | undefined;
let file: string | undefined;
let answered: Promise<void>;

beforeEach(() => {
  fresh = new Map([
    ['one', ORIGIN],
    ['two', ORIGIN],
  ]);
  unwraps = 0;
  fault = undefined;
  file = 'one';
  answered = Promise.resolve();
});

const call = async ({ path, body, token }: VaultCall): Promise<unknown> => {
  const wrapping = String(body?.['token'] ?? Buffer.from(token?.reveal() ?? []).toString('utf8'));
  const creation_path = fresh.get(wrapping);
  if (creation_path === undefined) throw new VaultFault('refused', 'wrapping token is not valid');
  if (path === 'sys/wrapping/lookup') return { data: { creation_path } };
  unwraps += 1;
  if (fault?.spends !== false) fresh.delete(wrapping);
  await answered;
  if (fault !== undefined) throw fault.error;
  return { data: { secret_id: `secret-id-${wrapping}` } };
};

function unwrapper() {
  const client = { call, close: () => undefined };
  const unwrap = createUnwrapper({ client, mount: 'approle', file: 'the-file' }, async () => {
    if (file === undefined) throw new VaultFault('refused', 'the-file does not exist');
    return file;
  });
  return async () => Buffer.from((await unwrap()).reveal()).toString('utf8');
}

test('what comes out is kept while the file holds the same, or is gone', async () => {
  const secretId = unwrapper();
  expect(await secretId()).toBe('secret-id-one');
  file = undefined;
  expect(await secretId()).toBe('secret-id-one');
  expect(unwraps).toBe(1);
  file = 'two';
  expect(await secretId()).toBe('secret-id-two');
});

test('those who want it while it is being unwrapped wait for the same', async () => {
  const secretId = unwrapper();
  const gate = Promise.withResolvers<void>();
  answered = gate.promise;
  const all = [secretId(), secretId(), secretId()];
  gate.resolve();
  expect(new Set(await Promise.all(all))).toEqual(new Set(['secret-id-one']));
  expect(unwraps).toBe(1);
});

test('one that cannot be used leaves the one before it, for when the file holds that again', async () => {
  const secretId = unwrapper();
  await secretId();
  file = 'spent';
  await expect(secretId()).rejects.toThrow(/the-file was used already.*SOMEBODY ELSE/);
  file = 'one';
  expect(await secretId()).toBe('secret-id-one');
});

test.each([
  'auth/other/role/shop/secret-id',
  'auth/approle/role/shop/custom-secret-id',
  'auth/approle/role//secret-id',
  'auth/approle/role/a/b/secret-id',
  'auth/approle/role/secret-id',
  'x/auth/approle/role/shop/secret-id',
  'sys/wrapping/wrap',
])('one of %s is not unwrapped', async (place) => {
  fresh.set('one', place);
  await expect(unwrapper()()).rejects.toThrow(`the-file holds a wrapping token of ${place}, not of`);
  expect(unwraps).toBe(0);
});

test('one whose answer was cut off is no alarm, as it was us who used it', async () => {
  const secretId = unwrapper();
  fault = { error: LOST, spends: true };
  await expect(secretId()).rejects.toThrow('gave no answer');
  fault = undefined;
  await expect(secretId()).rejects.toThrow(/most likely used by us, in a call whose answer was cut off/);
});

test('one that a sealed Vault did not take is used afterwards', async () => {
  const secretId = unwrapper();
  fault = { error: new VaultFault('down', 'Vault is sealed'), spends: false };
  await expect(secretId()).rejects.toThrow('Vault is sealed');
  fault = undefined;
  expect(await secretId()).toBe('secret-id-one');
});
