import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { caRef, ticketKeysRef, tlsRef, valueRef } from '../../../src/secrets/aws-secrets-manager/refs.ts';
import { MARKER, never, onTheWire, thrownBy, valueIn } from './on-the-wire.ts';
import { apiError } from './proxy.ts';

const wire = onTheWire();

test.each([
  [
    'HTML with 200',
    { body: `<html>Log in ${MARKER}</html>`, type: 'text/html' },
    /something else than Secrets Manager/,
  ],
  ['HTML with 502', { status: 502, body: '<html>Bad gateway</html>', type: 'text/html' }, /it fails/],
  ['an empty 200', { body: '' }, /something else than Secrets Manager/],
  ['another answer', { body: '{"hello":"world"}' }, /something else than Secrets Manager/],
  ['an answer cut off', { body: `{"SecretString":"${MARKER}` }, /something else than Secrets Manager/],
  [
    'AccessDeniedException',
    apiError(400, 'AccessDeniedException', 'User: x is not authorized'),
    /secretsmanager:GetSecretValue on it, and kms:Decrypt/,
  ],
  [
    'ThrottlingException',
    apiError(400, 'ThrottlingException', 'Rate exceeded'),
    /throttled.*at most every 5 s/,
  ],
  ['429', apiError(429, 'Whatever', 'slow down'), /throttled/],
  ['InternalServiceError', apiError(500, 'InternalServiceError', 'oops'), /it fails \(InternalServiceError/],
  ['DecryptionFailure', apiError(400, 'DecryptionFailure', 'no key'), /kms:Decrypt/],
  [
    'ExpiredTokenException',
    apiError(400, 'ExpiredTokenException', 'expired'),
    /credentials were not accepted.*renew/,
  ],
  [
    'no value under the label',
    apiError(
      400,
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    ),
    /staging label: AWSCURRENT/,
  ],
  [
    'marked for deletion',
    apiError(
      400,
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    ),
    /restore-secret --secret-id token/,
  ],
])('%s in place of the value is a failure in words, of one attempt', async (_, answer, words) => {
  const store = wire.storeAt();
  wire.aws.answer = ({ action }) => (/GetSecretValue$/.test(action) ? answer : undefined);
  const error = await thrownBy(store);
  expect(error.message).toMatch(words);
  expect(error.message).toMatch(/Secrets Manager in eu-west-1 \(store "aws", secret token\)/);
  expect(wire.aws.calls.filter(({ action }) => action === 'BatchGetSecretValue')).toHaveLength(1);
  expect(wire.aws.calls.length).toBeLessThanOrEqual(3);
});

test('P5: nothing thrown for a value in the wrong shape quotes it', async () => {
  await wire.world.put('token', { user: MARKER, port: 5432, more: { token: MARKER } });
  const store = wire.storeAt();
  for (const field of ['port', 'more', 'password', 'more.token']) {
    const error: unknown = await store
      .read(valueRef.parse({ name: 'token', field }), never)
      .catch((thrown) => thrown);
    expect(String(error)).toMatch(
      /the field "[\w.]+" is asked for, but (it must be text|the JSON of the secret has no)/,
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(MARKER);
  }
  await wire.world.put('token', `{"user": "${MARKER}`);
  const error: unknown = await store
    .read(valueRef.parse({ name: 'token', field: 'user' }), never)
    .catch((thrown) => thrown);
  expect(String(error)).toMatch(/is no JSON object/);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(MARKER);
});

test('by ARN, with and without its last letters; a field; bytes; ticket keys; a CA with its CRL', async () => {
  const store = wire.storeAt();
  const arn = await wire.world.arnOf('token');
  expect(await valueIn(store, { arn })).toBe(MARKER);
  await wire.world.create('json', { 'api.key': 'dotted', ca: 'CA', crl: 'CRL' });
  expect(await valueIn(store, { name: 'json', field: 'api.key' })).toBe('dotted');
  const ca = await store.read(caRef.parse({ name: 'json', certificates: 'ca', crl: 'crl' }), never);
  expect(Object.keys(ca?.parts ?? {}).sort()).toEqual(['certificates', 'crl']);
  const keys = randomBytes(160);
  await wire.world.create('tickets', keys);
  const read = await store.read(ticketKeysRef.parse({ name: 'tickets' }), never);
  expect(Buffer.from(read?.parts?.['keys']?.reveal() ?? [])).toEqual(keys);
});

test('a pair reads as one version, and the old one stays while a new one is broken', async () => {
  const store = wire.storeAt();
  await wire.world.create('pair', { cert: 'a', key: 'b' });
  const ref = tlsRef.parse({ name: 'pair', certificate: 'cert', privateKey: 'key' });
  const first = await store.read(ref, never);
  await wire.world.put('pair', { cert: 'a' });
  await expect(store.read(ref, never, first?.version)).rejects.toThrow(
    /field "key" is asked for.*no such field/,
  );
});
