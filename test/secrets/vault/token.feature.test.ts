import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { until } from '../../parts/until.ts';
import { API_KEY, faultOf, mended, readApiKey, startVaultWorld, type VaultWorld } from './vault-world.ts';

let world: VaultWorld;
beforeAll(async () => {
  world = await startVaultWorld();
}, 60_000);
afterAll(() => world.close());
afterEach(() => world.reset());

const newToken = async (body: object = {}) => {
  const wanted = { policies: ['shop', 'default'], ...body };
  return world.ask('POST', 'auth/token/create', wanted, 'auth', 'client_token');
};
const revoke = (token: string) => world.bao.call('POST', 'auth/token/revoke', { token });

describe('a token in a file', () => {
  const fileStore = () => world.store({ auth: { tokenFile: { path: 'token' } }, revokeOnShutdown: true });

  test('is used, and another one from the moment on that it is there', async () => {
    await world.write('token', `${await newToken()}\n`);
    const store = fileStore();
    expect(await readApiKey(store)).toBe(API_KEY);
    await world.write('token', await newToken({ policies: ['default'], no_default_policy: false }));
    expect(String(await faultOf(store))).toMatch(/policy of our login needs read on secret\/data\/shop\/api/);
  });

  test('that was revoked is told, and its successor counts within 10 s', async () => {
    const token = await newToken();
    await world.write('token', token);
    const store = fileStore();
    await readApiKey(store);
    await revoke(token);
    expect(String(await faultOf(store))).toMatch(/is forbidden: permission denied/);
    await world.write('token', await newToken());
    await mended(store);
  });

  test('is used on while the file is gone', async () => {
    await world.write('token', await newToken());
    const store = fileStore();
    await readApiKey(store);
    await rm(path.join(world.folder, 'token'));
    expect(await readApiKey(store)).toBe(API_KEY);
    await world.write('token', await newToken());
    await mended(store);
  });

  test('is kept alive, and at the end not revoked: it is somebody else’s', async () => {
    const token = await newToken({ ttl: '4s', renewable: true });
    await world.write('token', token);
    const store = fileStore();
    const end = performance.now() + 9000;
    while (performance.now() < end) expect(await readApiKey(store)).toBe(API_KEY);
    await store.close?.();
    await world.bao.call('POST', 'auth/token/lookup', { token });
  }, 20_000);
});

describe('a token in a secret', () => {
  test('is used as soon as it could be read', async () => {
    expect(await readApiKey(world.store({ auth: { token: { secret: 'root' } } }))).toBe(API_KEY);
  });
});

describe('in a namespace', () => {
  test('AppRole, wrapped, reads there', async () => {
    await world.bao.call('POST', 'sys/namespaces/team', {});
    const { bao, write } = world;
    await bao.call('POST', 'team/sys/mounts/secret', { type: 'kv', options: { version: '2' } });
    await bao.call('POST', 'team/sys/auth/apps/edge', { type: 'approle' });
    const policy = 'path "secret/*" { capabilities = ["read"] }';
    await bao.call('POST', 'team/sys/policies/acl/shop', { policy });
    await bao.call('POST', 'team/auth/apps/edge/role/shop', { token_policies: 'shop' });
    await until('the mount to be ready', async () =>
      bao.call('POST', 'team/secret/data/shop/api', { data: { token: 'of the team' } }),
    );
    const role = 'team/auth/apps/edge/role/shop';
    await write('role-id', await world.ask('GET', `${role}/role-id`, undefined, 'data', 'role_id'));
    await write('secret-id', await world.wrap(`${role}/secret-id`, {}));
    const store = world.store({
      namespace: 'team',
      auth: {
        appRole: { roleIdFile: 'role-id', secretIdFile: 'secret-id', wrapped: true, mount: 'apps/edge' },
      },
    });
    expect(await readApiKey(store)).toBe('of the team');
  });
});
