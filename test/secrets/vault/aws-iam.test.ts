import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { z } from 'zod';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { vaultOptions } from '../../../src/secrets/vault/schema.ts';
import { createVaultStore } from '../../../src/secrets/vault/store.ts';
import { authorizationOf, type SentIdentity, signatureOf } from './aws-signature.ts';
import { type Asked, type LoginServer, startLoginServer } from './login-server.ts';

const KEYS = {
  id: 'AKIAMUSTERVAULT1',
  secret: 'secret-access-key-of-the-test',
  session: 'session-of-the-test',
};
const ref = { mount: 'kv', path: 'shop', field: 'token', engine: 1 };

let vault: LoginServer;
let refusal: ((login: Asked['body']) => string) | undefined;
const stores: SecretStore[] = [];

beforeEach(async () => {
  refusal = undefined;
  vi.stubEnv('AWS_ACCESS_KEY_ID', KEYS.id);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS.secret);
  vi.stubEnv('AWS_SESSION_TOKEN', KEYS.session);
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vault = await startLoginServer(({ path, body }) => {
    if (path === 'kv/shop') return { data: { token: 'the-value' } };
    if (refusal !== undefined) throw new Error(refusal(body));
    return { auth: { client_token: 'a-token-of-aws', lease_duration: 3600, renewable: true } };
  });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const store of stores.splice(0)) await store.close?.();
  await vault.close();
});

type AwsIam = NonNullable<z.input<typeof vaultOptions>['auth']['awsIam']>;

function open(awsIam: Partial<AwsIam> = {}): SecretStore {
  const auth = { awsIam: { role: 'shop', region: 'eu-west-1', ...awsIam } };
  const store = createVaultStore(vaultOptions.parse({ address: vault.url, auth }), {
    name: 'vault',
    baseDir: '/',
  });
  stores.push(store);
  return store;
}

const read = (store: SecretStore) => store.read(ref, new AbortController().signal);
const faultOf = (store: SecretStore) =>
  read(store).then(
    () => new Error('the read succeeded'),
    (error: unknown) => error,
  );

function sentIdentity({ body }: Asked): SentIdentity {
  const decoded = (key: string) => Buffer.from(String(body[key]), 'base64').toString('utf8');
  return {
    method: String(body['iam_http_request_method']),
    url: decoded('iam_request_url'),
    headers: JSON.parse(decoded('iam_request_headers')),
    body: decoded('iam_request_body'),
  };
}

async function loginOf(store: SecretStore): Promise<{ readonly asked: Asked; readonly sent: SentIdentity }> {
  await read(store);
  const asked = vault.asked[0];
  if (asked === undefined) throw new Error('Vault was not asked');
  return { asked, sent: sentIdentity(asked) };
}

test('logs in with a question to STS that is signed and not sent', async () => {
  const { asked, sent } = await loginOf(open());
  expect(asked).toMatchObject({ method: 'POST', path: 'auth/aws/login', token: undefined });
  expect(asked.body['role']).toBe('shop');
  expect(sent).toMatchObject({
    method: 'POST',
    url: 'https://sts.eu-west-1.amazonaws.com/',
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  const { accessKeyId, scope, signedHeaders, signature } = authorizationOf(sent);
  expect(accessKeyId).toBe(KEYS.id);
  expect(scope).toMatch(/^\d{8}\/eu-west-1\/sts\/aws4_request$/);
  expect(signedHeaders).toEqual(expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']));
  expect(sent.headers).toMatchObject({
    host: 'sts.eu-west-1.amazonaws.com',
    'x-amz-security-token': KEYS.session,
  });
  expect(signature).toBe(signatureOf(sent, KEYS.secret));
  expect(JSON.stringify(sent)).not.toContain(KEYS.secret);
  expect(vault.asked[1]).toMatchObject({ path: 'kv/shop', token: 'a-token-of-aws' });
});

test('a server id is sent and signed, so that nobody can use the login at another Vault', async () => {
  const { sent } = await loginOf(open({ serverId: 'vault.example.com' }));
  expect(sent.headers['x-vault-aws-iam-server-id']).toBe('vault.example.com');
  expect(authorizationOf(sent).signedHeaders).toContain('x-vault-aws-iam-server-id');
  expect(authorizationOf(sent).signature).toBe(signatureOf(sent, KEYS.secret));
});

test.each([
  { region: 'cn-north-1', url: 'https://sts.cn-north-1.amazonaws.com.cn/' },
  { region: 'us-gov-west-1', url: 'https://sts.us-gov-west-1.amazonaws.com/' },
  {
    region: 'us-east-1',
    stsEndpoint: 'https://sts.amazonaws.com',
    mount: 'cloud/aws',
    url: 'https://sts.amazonaws.com/',
  },
])('the STS is that of $region or what was written', async ({ url, ...options }) => {
  const { asked, sent } = await loginOf(open(options));
  expect(sent.url).toBe(url);
  expect(sent.headers['host']).toBe(new URL(url).host);
  expect(authorizationOf(sent).signature).toBe(signatureOf(sent, KEYS.secret));
  expect(asked.path).toBe(`auth/${options.mount ?? 'aws'}/login`);
});

test('where there are no credentials it is told, without what was read', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config');
  expect(String(await faultOf(open()))).toMatch(/no AWS credentials to log in to Vault with/);
  expect(String(await faultOf(open({ profile: 'edge' })))).toMatch(/of the profile edge/);
  expect(vault.asked).toEqual([]);
});

test('P5: a refusal tells the role, and no byte of what was signed', async () => {
  refusal = (login) => {
    const signed = Buffer.from(String(login['iam_request_headers']), 'base64').toString('utf8');
    return `${signed} ${login['iam_request_headers']} is not of role shop`;
  };
  const fault = await faultOf(open({ serverId: 'vault.example.com' }));
  expect(String(fault)).toMatch(/is not of role shop \(role shop with our AWS identity: .*serverId right/);
  const asked = vault.asked[0] ?? expect.unreachable('Vault was asked');
  const printed = inspect(fault, { depth: 9, showHidden: true });
  const { headers } = sentIdentity(asked);
  for (const secret of [
    KEYS.secret,
    KEYS.session,
    headers['authorization'],
    asked.body['iam_request_headers'],
  ])
    expect(printed).not.toContain(secret);
});
