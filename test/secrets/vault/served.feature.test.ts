import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SecretConfig } from '../../../src/model/config.ts';
import { createSecretRefresher, type SecretRefresher } from '../../../src/secrets/refresh.ts';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { until } from '../../parts/until.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { startVaultWorld, type VaultWorld } from './vault-world.ts';

const ROLE = 'auth/approle/role/shop';
const MENDED = { timeoutMs: 10_000 };
const issuer = await makeCa();
const [first, second] = [
  await makeCertificate({ names: ['one.example.com'], issuer }),
  await makeCertificate({ names: ['two.example.com'], issuer }),
];
const config: SecretConfig = {
  name: 'shop',
  origin: { object: 'secrets/shop' },
  kind: 'tls',
  store: 'vault',
  ref: { mount: 'secret', path: 'shop/tls', certificate: 'chain', privateKey: 'key' },
};

let world: VaultWorld;
let refresher: SecretRefresher;
let ending: AbortController;
let problems: string[];
let versions: string[];

const put = ({ chain, privateKey }: typeof first) =>
  world.bao.call('POST', 'secret/data/shop/tls', { data: { chain, key: privateKey } });
const newSecretId = async () =>
  world.write('secret-id', await world.ask('POST', `${ROLE}/secret-id`, {}, 'data', 'secret_id'));
const names = () => {
  const secret = refresher.served('shop');
  return secret?.kind === 'tls' ? secret.names.join() : undefined;
};
const state = () => refresher.status()[0]?.state;

beforeAll(async () => {
  world = await startVaultWorld();
  await world.bao.call('POST', 'sys/auth/approle', { type: 'approle' });
}, 60_000);
afterAll(() => world.close());
beforeEach(async () => {
  await world.bao.call('POST', ROLE, { token_policies: 'shop', token_ttl: '1h' });
  await world.write('role-id', await world.ask('GET', `${ROLE}/role-id`, undefined, 'data', 'role_id'));
  await newSecretId();
  await put(first);
  problems = [];
  versions = [];
  ending = new AbortController();
  refresher = createSecretRefresher({
    onSecret: (_name, secret) => versions.push(secret.version),
    onProblem: (_name, problem) => problems.push(problem?.message ?? 'well'),
    signal: ending.signal,
  });
  const store = world.store({
    auth: { appRole: { roleIdFile: 'role-id', secretIdFile: 'secret-id' } },
    interval: '1s',
  });
  refresher.update([config], new Map<string, SecretStore>([['vault', store]]));
  await until('the pair to be served', () => names() === 'one.example.com');
});
afterEach(async () => {
  ending.abort();
  await world.reset();
});

describe('FAULT7: a served pair outlasts, and its rotation comes within 10 s of the end of', () => {
  test('a seal', async () => {
    await world.bao.seal();
    await until('the problem', () => /Vault is sealed/.test(problems.at(-1) ?? ''));
    expect(state()).toBe('failing');
    expect(names()).toBe('one.example.com');
    await world.bao.unseal();
    await put(second);
    await until('the rotated pair', () => names() === 'two.example.com', MENDED);
    expect(problems.at(-1)).toBe('well');
  });

  test('a token that was revoked, without any problem at all', async () => {
    await world.revokeLogins('approle');
    await put(second);
    await until('the rotated pair', () => names() === 'two.example.com', MENDED);
    expect(problems).toEqual([]);
  });

  test('a role that was deleted, with the token of every login', async () => {
    await world.bao.call('DELETE', ROLE);
    await world.revokeLogins('approle');
    await until('the problem', () => /of a role that is gone/.test(problems.at(-1) ?? ''));
    expect(names()).toBe('one.example.com');
    await world.bao.call('POST', ROLE, { token_policies: 'shop' });
    await world.write('role-id', await world.ask('GET', `${ROLE}/role-id`, undefined, 'data', 'role_id'));
    await newSecretId();
    await put(second);
    await until('the rotated pair', () => names() === 'two.example.com', MENDED);
    expect(versions).toHaveLength(2);
  });
});
