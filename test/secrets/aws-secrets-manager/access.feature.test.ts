import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { expect, onTestFinished, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { until } from '../../parts/until.ts';
import { awsAt } from './aws-store.ts';
import { MARKER, onTheWire, thrownBy, valueIn } from './on-the-wire.ts';
import { apiError, startSecretsProxy } from './proxy.ts';
import { CREDENTIALS, type SecretsWorld, secretsWorld, type WorldOptions } from './world.ts';

const ROLES = ['arn:aws:iam::210987654321:role/muster', 'arn:aws:iam::310987654321:role/muster'] as const;
const wire = onTheWire();

function worldAt(options: WorldOptions): SecretsWorld {
  const one = secretsWorld(wire.moto.url, options);
  onTestFinished(() => one.close());
  return one;
}

test('a cancelled read ends at once, in the middle of a call too', async () => {
  wire.aws.answer = () => 'hang';
  const controller = new AbortController();
  const reading = thrownBy(wire.storeAt(), controller.signal);
  await until('the call', () => wire.aws.calls.length > 0);
  const aborted = performance.now();
  controller.abort(new Error('enough'));
  expect((await reading).message).toBe('enough');
  expect(performance.now() - aborted).toBeLessThan(500);
});

test('a cancelled read ends at once while STS hangs', async () => {
  wire.aws.answer = ({ action }) => (action === 'AssumeRole' ? 'hang' : undefined);
  const controller = new AbortController();
  const reading = thrownBy(wire.storeAt({ assumeRole: { roleArn: ROLES[0] } }), controller.signal);
  await until('the call', () => wire.aws.calls.length > 0);
  controller.abort(new Error('enough'));
  expect((await reading).message).toBe('enough');
});

test('two accounts by assumed roles, two regions: each store its own', async () => {
  const options = { region: 'eu-west-1', endpoint: wire.moto.url };
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
  const roles = ROLES.map((roleArn) => wire.storeAt({ assumeRole: { roleArn } }));
  expect(await Promise.all(roles.map((store) => valueIn(store, { name: 'token' })))).toEqual([
    'account 0',
    'account 1',
  ]);
  expect(await valueIn(wire.storeAt({ region: 'us-east-1' }), { name: 'token' })).toBe('virginia');
  expect(await valueIn(wire.storeAt(), { name: 'token' })).toBe(MARKER);
});

test('keys out of another secret: awaited, refused in words, used anew when they changed', async () => {
  let keys: unknown;
  const secret = (name: string): SecretBytes | undefined =>
    name === 'aws-keys' && keys !== undefined ? SecretBytes.fromUtf8(JSON.stringify(keys)) : undefined;
  const store = wire.storeAt({ keys: { secret: 'aws-keys' } }, { secret });
  expect((await thrownBy(store)).message).toMatch(/secret "aws-keys" is not read yet/);
  keys = { accessKeyId: MARKER };
  expect((await thrownBy(store)).message).toMatch(/secret "aws-keys" must be JSON/);
  wire.aws.answer = ({ accessKey }) =>
    accessKey === 'AKIAOLD'
      ? apiError(400, 'UnrecognizedClientException', 'The security token is invalid.')
      : undefined;
  keys = { accessKeyId: 'AKIAOLD', secretAccessKey: MARKER };
  expect((await thrownBy(store)).message).toMatch(/credentials were not accepted/);
  keys = { accessKeyId: 'AKIANEW', secretAccessKey: 'b' };
  expect(await valueIn(store, { name: 'token' })).toBe(MARKER);
  expect(wire.aws.calls.at(-1)?.accessKey).toBe('AKIANEW');
});

test('the environment does not send the calls elsewhere', async () => {
  const elsewhere = await startSecretsProxy(wire.moto.url);
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
  expect(await valueIn(wire.storeAt(), { name: 'token' })).toBe(MARKER);
  // Without an endpoint it is the region's own, of a region that does not exist here.
  const store = awsAt(wire.aws.url, { region: 'xx-none-1', endpoint: undefined });
  onTestFinished(() => store.close?.());
  await thrownBy(store);
  expect(elsewhere.calls).toEqual([]);
  expect(new Set(wire.aws.calls.map(({ region }) => region))).toEqual(new Set(['eu-west-1']));
});
