import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { until } from '../../parts/until.ts';
import { isComplete, isFailure } from '../suite.ts';
import { type Ec2Proxy, ec2Error, instancesPage, reservation, startEc2Proxy } from './proxy.ts';
import { useTestCredentials, watchEc2 } from './source.ts';

let ec2: Ec2Proxy;
beforeAll(async () => {
  useTestCredentials();
  ec2 = await startEc2Proxy();
});
afterAll(() => ec2?.stop());
beforeEach(() => {
  ec2.calls.length = 0;
  ec2.answer = () => ONE;
});

const ONE = instancesPage(reservation({ id: 'i-1', address: '10.0.0.1' }));

test('SRC10: an assumed role is asked for with external id and session name, and used', async () => {
  ec2.answer = ({ action }) => {
    if (action !== 'AssumeRole') return ONE;
    const credentials =
      '<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
    return {
      body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    };
  };
  const roleArn = 'arn:aws:iam::210987654321:role/muster-read';
  const watching = watchEc2(ec2.url, {
    accounts: [{ assumeRole: { roleArn, externalId: 'shop/7', sessionName: 'muster-a' } }],
  });
  expect((await watching.next(isComplete)).scope).toBe('210987654321/eu-west-1');
  const [asked, described] = ec2.calls;
  expect(Object.fromEntries(asked?.parameters ?? [])).toMatchObject({
    Action: 'AssumeRole',
    RoleArn: roleArn,
    ExternalId: 'shop/7',
    RoleSessionName: 'muster-a',
  });
  expect(described).toMatchObject({ action: 'DescribeInstances', accessKey: 'ASIAROLE' });
});

test('SRC5: an expired session is assumed anew at the next attempt', async () => {
  let key = 0;
  ec2.answer = ({ action, accessKey }) => {
    if (action !== 'AssumeRole')
      return accessKey === 'ASIA1' ? ec2Error(400, 'RequestExpired', 'Request has expired.') : ONE;
    key += 1;
    const credentials = `<AccessKeyId>ASIA${key}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`;
    return {
      body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>${credentials}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    };
  };
  const roleArn = 'arn:aws:iam::210987654321:role/muster-read';
  const watching = watchEc2(ec2.url, { accounts: [{ assumeRole: { roleArn } }] });
  expect((await watching.next(isFailure)).error.message).toMatch(
    /account 210987654321, region eu-west-1.*RequestExpired.*renew/,
  );
  await watching.next(isComplete);
  expect(ec2.calls.at(-1)?.accessKey).toBe('ASIA2');
});

test('a profile that is not there is a failure in words, not other credentials', async () => {
  const watching = watchEc2(ec2.url, { accounts: [{ profile: 'no-such-profile' }] });
  const { scope, error } = await watching.next(isFailure);
  expect(scope).toBe('no-such-profile/eu-west-1');
  expect(error.message).toMatch(/credentials were not accepted or not found.*no-such-profile/);
  expect(ec2.calls).toEqual([]);
});

test('what is not allowed says which permissions are needed, without the encoded message', async () => {
  ec2.answer = () =>
    ec2Error(
      403,
      'UnauthorizedOperation',
      `You are not authorized. Encoded authorization failure message: ${'x'.repeat(2000)}`,
    );
  const { error } = await watchEc2(ec2.url).next(isFailure);
  expect(error.message).toContain('ec2:DescribeInstances');
  expect(error.message).not.toContain('xxxx');
});

test('keys out of a secret are awaited, refused in words, and used anew when they changed', async () => {
  let keys: object | undefined;
  const secret = (name: string): SecretBytes | undefined =>
    name === 'aws-keys' && keys !== undefined ? SecretBytes.fromUtf8(JSON.stringify(keys)) : undefined;
  ec2.answer = ({ accessKey }) =>
    accessKey === 'AKIAOLD' ? ec2Error(401, 'AuthFailure', 'AWS was not able to validate the keys') : ONE;
  const watching = watchEc2(ec2.url, { accounts: [{ keys: { secret: 'aws-keys' } }] }, { secret });
  const first = await watching.next(isFailure);
  expect(first.scope).toBe('aws-keys/eu-west-1');
  expect(first.error.message).toMatch(/secret "aws-keys" is not read yet/);
  keys = { accessKeyId: 'AKIAOLD' };
  await watching.next((report) => isFailure(report) && /must be JSON/.test(report.error.message));
  keys = { accessKeyId: 'AKIAOLD', secretAccessKey: 'MARKER-old-key' };
  const refused = await watching.next(
    (report) => isFailure(report) && /credentials were not accepted/.test(report.error.message),
  );
  expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('MARKER-old-key');
  keys = { accessKeyId: 'AKIANEW', secretAccessKey: 'b', sessionToken: 't' };
  await watching.next(isComplete);
  expect(ec2.calls.at(-1)?.accessKey).toBe('AKIANEW');
  keys = { accessKeyId: 'AKIANEXT', secretAccessKey: 'c' };
  await until('a call with the next key', () => ec2.calls.at(-1)?.accessKey === 'AKIANEXT');
  expect(ec2.calls.filter(({ accessKey }) => accessKey.startsWith('AKIAMUSTER'))).toEqual([]);
}, 60_000);
