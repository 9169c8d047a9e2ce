import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { makeCa, makeCertificate } from '../certificates.ts';
import { jwtIssuer } from './jwt.ts';
import { API_KEY, faultOf, mended, readApiKey, startVaultWorld, type VaultWorld } from './vault-world.ts';

// Read by the library's own log when it is loaded: it then writes every body down.
vi.hoisted(() => {
  process.env['DEBUG'] = 'node-vault';
});

const ROLE = 'auth/approle/role/shop';
const [ca, otherCa] = [await makeCa(), await makeCa({ name: 'others' })];
const server = await makeCertificate({ ips: ['127.0.0.1'], issuer: ca });
const client = await makeCertificate({ names: ['muster.example.com'], issuer: otherCa });
const issuer = jwtIssuer();

let world: VaultWorld;
beforeAll(async () => {
  world = await startVaultWorld({ tls: server });
  const { bao, write } = world;
  for (const type of ['approle', 'jwt', 'cert']) await bao.call('POST', `sys/auth/${type}`, { type });
  await bao.call('POST', ROLE, { token_policies: 'shop', token_ttl: '1h' });
  await bao.call('POST', 'auth/jwt/config', { jwt_validation_pubkeys: [issuer.publicKey] });
  await bao.call('POST', 'auth/cert/certs/shop', { certificate: ca.certificate, token_policies: ['shop'] });
  await write('ca.pem', ca.certificate);
  await write('client.pem', client.chain);
  await write('client-key.pem', client.privateKey);
}, 60_000);
afterAll(() => world.close());
afterEach(async () => {
  vi.restoreAllMocks();
  await world.reset();
});

const newIds = async () => {
  await world.write('role-id', await world.ask('GET', `${ROLE}/role-id`, undefined, 'data', 'role_id'));
  await world.write('secret-id', await world.ask('POST', `${ROLE}/secret-id`, {}, 'data', 'secret_id'));
};
const appRole = { roleIdFile: 'role-id', secretIdFile: 'secret-id' };

describe('FAULT7: a Vault that is sealed', () => {
  test('is told as sealed, and read again within 10 s of being unsealed', async () => {
    await newIds();
    const loggedIn = world.store({ auth: { appRole } });
    await readApiKey(loggedIn);
    await world.bao.seal();
    const cold = world.store({ auth: { appRole } });
    for (const store of [loggedIn, cold])
      expect(String(await faultOf(store))).toMatch(/Vault is sealed, somebody has to unseal it/);
    await world.bao.unseal();
    await Promise.all([mended(loggedIn), mended(cold)]);
  });

  test('leaves a wrapping token unspent, and spends it within 10 s of being unsealed', async () => {
    await newIds();
    await world.write('secret-id', await world.wrap(`${ROLE}/secret-id`, {}));
    await world.bao.seal();
    const store = world.store({ auth: { appRole: { ...appRole, wrapped: true } } });
    expect(String(await faultOf(store))).toMatch(/Vault is sealed/);
    await world.bao.unseal();
    await mended(store);
  });
});

test('tokens of 2 s that live for at most 4 s never keep a read from succeeding', async () => {
  await world.bao.call('POST', 'auth/approle/role/brief', {
    token_policies: 'shop',
    token_ttl: '2s',
    token_max_ttl: '4s',
  });
  const brief = 'auth/approle/role/brief';
  await world.write('role-id', await world.ask('GET', `${brief}/role-id`, undefined, 'data', 'role_id'));
  await world.write('secret-id', await world.ask('POST', `${brief}/secret-id`, {}, 'data', 'secret_id'));
  const store = world.store({ auth: { appRole } });
  const end = performance.now() + 9000;
  let reads = 0;
  while (performance.now() < end) {
    expect(await readApiKey(store)).toBe(API_KEY);
    reads += 1;
  }
  expect(reads).toBeGreaterThan(100);
}, 20_000);

describe('P5: nothing that is printed holds a byte of', () => {
  const lines: string[] = [];
  const listen = () => {
    lines.length = 0;
    const keep = (chunk: unknown) => lines.push(String(chunk)) > 0;
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    for (const method of ['log', 'error', 'warn', 'info', 'debug'] as const)
      vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => void lines.push(inspect(parts)));
  };
  const printed = async (store: SecretStore): Promise<string> => {
    listen();
    const fault = await faultOf(store);
    vi.restoreAllMocks();
    expect(String(fault)).toMatch(/login was refused|was used already/);
    return [inspect(fault, { depth: 9, showHidden: true }), inspect(store, { depth: 9 }), ...lines].join(
      '\n',
    );
  };
  const textOf = (file: string) => readFile(path.join(world.folder, file), 'utf8');

  test('a secret id and a role id', async () => {
    await newIds();
    await world.write('secret-id', '11111111-2222-3333-4444-555555555555');
    const text = await printed(world.store({ auth: { appRole } }));
    for (const file of ['role-id', 'secret-id']) expect(text).not.toContain(await textOf(file));
  });

  test('a wrapping token', async () => {
    const token = await world.wrap(`${ROLE}/secret-id`, {});
    await world.bao.call('POST', 'sys/wrapping/unwrap', { token });
    await world.write('secret-id', token);
    expect(await printed(world.store({ auth: { appRole: { ...appRole, wrapped: true } } }))).not.toContain(
      token,
    );
  });

  test('a JWT', async () => {
    await world.write('jwt', jwtIssuer().issue({ sub: 'muster' }));
    const text = await printed(world.store({ auth: { jwt: { role: 'shop', jwtFile: 'jwt' } } }));
    for (const part of (await textOf('jwt')).split('.')) expect(text).not.toContain(part);
  });

  test('the key of a client certificate', async () => {
    const store = world.store({
      address: world.bao.tlsUrl,
      tls: { ca: 'ca.pem', certificate: 'client.pem', privateKey: 'client-key.pem' },
      auth: { certificate: {} },
    });
    expect(await printed(store)).not.toContain(client.privateKey.split('\n')[1]);
  });

  test('a login that succeeded: the token and what it read', async () => {
    await newIds();
    const store = world.store({ auth: { appRole } });
    listen();
    await readApiKey(store);
    vi.restoreAllMocks();
    const text = [inspect(store, { depth: 9, showHidden: true }), ...lines].join('\n');
    for (const secret of [API_KEY, await textOf('secret-id'), 'hvs.', 's.'])
      expect(text).not.toContain(secret);
  });
});
