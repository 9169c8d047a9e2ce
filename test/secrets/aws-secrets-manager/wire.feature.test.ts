import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { caRef, ticketKeysRef, tlsRef, valueRef } from '../../../src/secrets/aws-secrets-manager/refs.ts';
import type { SecretStore, SecretStoreContext } from '../../../src/secrets/store.ts';
import { type Moto, startMoto } from '../../parts/moto.ts';
import { until } from '../../parts/until.ts';
import { awsAt, type StoreInput, useTestCredentials } from './aws-store.ts';
import { apiError, type SecretsProxy, startSecretsProxy } from './proxy.ts';
import { CREDENTIALS, type SecretsWorld, secretsWorld, type WorldOptions } from './world.ts';

const MARKER = 'MARKER-5ecret-5ecret-5ecret';
const never = new AbortController().signal;
const ROLES = ['arn:aws:iam::210987654321:role/muster', 'arn:aws:iam::310987654321:role/muster'] as const;

let moto: Moto;
let aws: SecretsProxy;
let world: SecretsWorld;
beforeAll(async () => {
  useTestCredentials();
  moto = await startMoto();
  aws = await startSecretsProxy(moto.url);
  world = secretsWorld(moto.url);
});
afterAll(async () => {
  world?.close();
  await aws?.stop();
  await moto?.stop();
});
beforeEach(async () => {
  await moto.reset();
  aws.calls.length = 0;
  await world.create('token', MARKER);
});
afterEach(() => {
  aws.answer = () => undefined;
  aws.rewrite = (body) => body;
});

function storeAt(options?: StoreInput, context?: Partial<SecretStoreContext>): SecretStore {
  const store = awsAt(aws.url, options, context);
  onTestFinished(() => store.close?.());
  return store;
}

function worldAt(options: WorldOptions): SecretsWorld {
  const one = secretsWorld(moto.url, options);
  onTestFinished(() => one.close());
  return one;
}

async function valueIn(store: SecretStore, ref: object): Promise<string> {
  const version = await store.read(valueRef.parse(ref), never);
  return Buffer.from(version?.parts?.['value']?.reveal() ?? []).toString();
}

async function thrownBy(store: SecretStore, signal = never): Promise<Error> {
  const thrown: unknown = await store.read(valueRef.parse({ name: 'token' }), signal).catch((error) => error);
  if (!(thrown instanceof Error)) throw new Error(`it was read: ${inspect(thrown)}`);
  const seen = inspect(thrown, { depth: 9, showHidden: true });
  expect(seen).not.toContain(MARKER);
  expect(seen).not.toContain(CREDENTIALS.secretAccessKey);
  return thrown;
}

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
  const store = storeAt();
  aws.answer = ({ action }) => (/GetSecretValue$/.test(action) ? answer : undefined);
  const error = await thrownBy(store);
  expect(error.message).toMatch(words);
  expect(error.message).toMatch(/Secrets Manager in eu-west-1 \(store "aws", secret token\)/);
  expect(aws.calls.filter(({ action }) => action === 'BatchGetSecretValue')).toHaveLength(1);
  expect(aws.calls.length).toBeLessThanOrEqual(3);
});

test('P5: nothing thrown for a value in the wrong shape quotes it', async () => {
  await world.put('token', { user: MARKER, port: 5432, more: { token: MARKER } });
  const store = storeAt();
  for (const field of ['port', 'more', 'password', 'more.token']) {
    const error: unknown = await store
      .read(valueRef.parse({ name: 'token', field }), never)
      .catch((thrown) => thrown);
    expect(String(error)).toMatch(
      /the field "[\w.]+" is asked for, but (it must be text|the JSON of the secret has no)/,
    );
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(MARKER);
  }
  await world.put('token', `{"user": "${MARKER}`);
  const error: unknown = await store
    .read(valueRef.parse({ name: 'token', field: 'user' }), never)
    .catch((thrown) => thrown);
  expect(String(error)).toMatch(/is no JSON object/);
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(MARKER);
});

test('by ARN, with and without its last letters; a field; bytes; ticket keys; a CA with its CRL', async () => {
  const store = storeAt();
  const arn = await world.arnOf('token');
  expect(await valueIn(store, { arn })).toBe(MARKER);
  await world.create('json', { 'api.key': 'dotted', ca: 'CA', crl: 'CRL' });
  expect(await valueIn(store, { name: 'json', field: 'api.key' })).toBe('dotted');
  const ca = await store.read(caRef.parse({ name: 'json', certificates: 'ca', crl: 'crl' }), never);
  expect(Object.keys(ca?.parts ?? {}).sort()).toEqual(['certificates', 'crl']);
  const keys = randomBytes(160);
  await world.create('tickets', keys);
  const read = await store.read(ticketKeysRef.parse({ name: 'tickets' }), never);
  expect(Buffer.from(read?.parts?.['keys']?.reveal() ?? [])).toEqual(keys);
});

test('a cancelled read ends at once, in the middle of a call too', async () => {
  aws.answer = () => 'hang';
  const controller = new AbortController();
  const reading = thrownBy(storeAt(), controller.signal);
  await until('the call', () => aws.calls.length > 0);
  const aborted = performance.now();
  controller.abort(new Error('enough'));
  expect((await reading).message).toBe('enough');
  expect(performance.now() - aborted).toBeLessThan(500);
});

test('a cancelled read ends at once while STS hangs', async () => {
  aws.answer = ({ action }) => (action === 'AssumeRole' ? 'hang' : undefined);
  const controller = new AbortController();
  const reading = thrownBy(storeAt({ assumeRole: { roleArn: ROLES[0] } }), controller.signal);
  await until('the call', () => aws.calls.length > 0);
  controller.abort(new Error('enough'));
  expect((await reading).message).toBe('enough');
});

test('two accounts by assumed roles, two regions: each store its own', async () => {
  const options = { region: 'eu-west-1', endpoint: moto.url };
  for (const [at, roleArn] of ROLES.entries()) {
    const credentials = await fromTemporaryCredentials({
      masterCredentials: CREDENTIALS,
      params: { RoleArn: roleArn, RoleSessionName: 'test' },
      clientConfig: { ...options, requestHandler: { httpAgent: { keepAlive: false } } },
    })();
    const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
    await worldAt({ credentials: { accessKeyId, secretAccessKey, sessionToken } }).create(
      'token',
      `account ${at}`,
    );
  }
  await worldAt({ region: 'us-east-1' }).create('token', 'virginia');
  const roles = ROLES.map((roleArn) => storeAt({ assumeRole: { roleArn } }));
  expect(await Promise.all(roles.map((store) => valueIn(store, { name: 'token' })))).toEqual([
    'account 0',
    'account 1',
  ]);
  expect(await valueIn(storeAt({ region: 'us-east-1' }), { name: 'token' })).toBe('virginia');
  expect(await valueIn(storeAt(), { name: 'token' })).toBe(MARKER);
});

test('keys out of another secret: awaited, refused in words, used anew when they changed', async () => {
  let keys: unknown;
  const secret = (name: string): SecretBytes | undefined =>
    name === 'aws-keys' && keys !== undefined ? SecretBytes.fromUtf8(JSON.stringify(keys)) : undefined;
  const store = storeAt({ keys: { secret: 'aws-keys' } }, { secret });
  expect((await thrownBy(store)).message).toMatch(/secret "aws-keys" is not read yet/);
  keys = { accessKeyId: MARKER };
  expect((await thrownBy(store)).message).toMatch(/secret "aws-keys" must be JSON/);
  aws.answer = ({ accessKey }) =>
    accessKey === 'AKIAOLD'
      ? apiError(400, 'UnrecognizedClientException', 'The security token is invalid.')
      : undefined;
  keys = { accessKeyId: 'AKIAOLD', secretAccessKey: MARKER };
  expect((await thrownBy(store)).message).toMatch(/credentials were not accepted/);
  keys = { accessKeyId: 'AKIANEW', secretAccessKey: 'b' };
  expect(await valueIn(store, { name: 'token' })).toBe(MARKER);
  expect(aws.calls.at(-1)?.accessKey).toBe('AKIANEW');
});

test('the environment does not send the calls elsewhere', async () => {
  const elsewhere = await startSecretsProxy(moto.url);
  onTestFinished(() => elsewhere.stop());
  const set = {
    AWS_ENDPOINT_URL: elsewhere.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: elsewhere.url,
    AWS_REGION: 'us-east-1',
  };
  Object.assign(process.env, set);
  onTestFinished(() => {
    for (const key of Object.keys(set)) delete process.env[key];
  });
  expect(await valueIn(storeAt(), { name: 'token' })).toBe(MARKER);
  // Without an endpoint it is the region's own, of a region that does not exist here.
  const store = awsAt(aws.url, { region: 'xx-none-1', endpoint: undefined });
  onTestFinished(() => store.close?.());
  await thrownBy(store);
  expect(elsewhere.calls).toEqual([]);
  expect(new Set(aws.calls.map(({ region }) => region))).toEqual(new Set(['eu-west-1']));
});

test('a pair reads as one version, and the old one stays while a new one is broken', async () => {
  const store = storeAt();
  await world.create('pair', { cert: 'a', key: 'b' });
  const ref = tlsRef.parse({ name: 'pair', certificate: 'cert', privateKey: 'key' });
  const first = await store.read(ref, never);
  await world.put('pair', { cert: 'a' });
  await expect(store.read(ref, never, first?.version)).rejects.toThrow(
    /field "key" is asked for.*no such field/,
  );
});
