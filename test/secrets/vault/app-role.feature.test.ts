import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../parts/until.ts';
import {
  API_KEY,
  apiRef,
  faultOf,
  mended,
  readApiKey,
  startVaultWorld,
  type VaultWorld,
} from './vault-world.ts';

const ROLE = 'auth/approle/role/shop';
const SECRET_ID = `${ROLE}/secret-id`;

let world: VaultWorld;
beforeAll(async () => {
  world = await startVaultWorld();
  await world.bao.call('POST', 'sys/auth/approle', { type: 'approle' });
}, 60_000);
afterAll(() => world.close());

beforeEach(async () => {
  await world.bao.call('POST', ROLE, { token_policies: 'shop', token_ttl: '1h' });
  await newRoleId();
  await newSecretId();
});
afterEach(() => world.reset());

const newRoleId = async () => {
  await world.write('role-id', await world.ask('GET', `${ROLE}/role-id`, undefined, 'data', 'role_id'));
};
const newSecretId = async (body: object = {}): Promise<string> => {
  const id = await world.ask('POST', SECRET_ID, body, 'data', 'secret_id');
  await world.write('secret-id', `${id}\n`);
  return id;
};
const appRoleStore = (wrapped = false) =>
  world.store({ auth: { appRole: { roleIdFile: 'role-id', secretIdFile: 'secret-id', wrapped } } });
const revokeAll = () => world.revokeLogins('approle');

describe('AppRole', () => {
  test('logs in by a role id and a secret id out of files', async () => {
    expect(await readApiKey(appRoleStore())).toBe(API_KEY);
  });

  test('FAULT7: a token that was revoked is replaced within the same read', async () => {
    const store = appRoleStore();
    await readApiKey(store);
    await revokeAll();
    expect(await readApiKey(store)).toBe(API_KEY);
  });

  test('FAULT7: a secret id that is used up is told with its file, and its successor counts within 10 s', async () => {
    await newSecretId({ num_uses: 1 });
    const store = appRoleStore();
    await readApiKey(store);
    await revokeAll();
    expect(String(await faultOf(store))).toMatch(/secret-id.*used up/);
    await newSecretId();
    await mended(store);
  });

  test('FAULT7: a secret id that has expired is told with its file, and its successor counts within 10 s', async () => {
    const id = await newSecretId({ ttl: '1s' });
    const gone = () =>
      world.bao.call('POST', `${SECRET_ID}/lookup`, { secret_id: id }).then((answer) => answer === undefined);
    await until('the secret id to expire', gone, { everyMs: 100 });
    const store = appRoleStore();
    expect(String(await faultOf(store))).toMatch(/secret-id: expired/);
    await newSecretId();
    await mended(store);
  });

  test('FAULT7: a secret id that was destroyed is told with its file, and its successor counts within 10 s', async () => {
    const id = await newSecretId();
    await world.bao.call('POST', `${SECRET_ID}/destroy`, { secret_id: id });
    const store = appRoleStore();
    expect(String(await faultOf(store))).toMatch(/secret-id.*destroyed/);
    await newSecretId();
    await mended(store);
  });

  test('FAULT7: a role that was deleted is told, and made anew it counts within 10 s of its new ids', async () => {
    const store = appRoleStore();
    await readApiKey(store);
    await world.bao.call('DELETE', ROLE);
    await revokeAll();
    expect(String(await faultOf(store))).toMatch(/role-id.*of a role that is gone/);
    await world.bao.call('POST', ROLE, { token_policies: 'shop' });
    await newRoleId();
    await newSecretId();
    await mended(store);
  });

  test('a role whose policies do not allow the read is told which capability it lacks', async () => {
    await world.bao.call('POST', ROLE, { token_policies: 'default' });
    await newSecretId();
    const store = appRoleStore();
    expect(String(await faultOf(store))).toMatch(/policy of our login needs read on secret\/data\/shop\/api/);
  });

  test('BAD10: files that are missing, empty or no files are told', async () => {
    await rm(path.join(world.folder, 'secret-id'));
    expect(String(await faultOf(appRoleStore()))).toMatch(/secret-id/);
    await world.write('secret-id', '\n');
    expect(String(await faultOf(appRoleStore()))).toMatch(/secret-id is empty/);
    for (const file of ['/proc/self/environ', '/dev/zero', '../../etc/hostname']) {
      const store = world.store({ auth: { appRole: { roleIdFile: 'role-id', secretIdFile: file } } });
      expect(String(await faultOf(store))).toMatch(/never read|not a regular file|leads outside/);
    }
  });
});

describe('AppRole with a wrapped secret id', () => {
  test('the secret id is unwrapped once and used for every login from then on', async () => {
    await world.write('secret-id', await world.wrap(SECRET_ID, {}));
    const store = appRoleStore(true);
    await readApiKey(store);
    await revokeAll();
    expect(await readApiKey(store)).toBe(API_KEY);
    await rm(path.join(world.folder, 'secret-id'));
    await revokeAll();
    expect(await readApiKey(store)).toBe(API_KEY);
  });

  test('one that was used already is an alarm, and its successor counts within 10 s', async () => {
    const token = await world.wrap(SECRET_ID, {});
    await world.bao.call('POST', 'sys/wrapping/unwrap', { token });
    await world.write('secret-id', token);
    const store = appRoleStore(true);
    const fault = await faultOf(store);
    expect(String(fault)).toMatch(/secret-id was used already.*SOMEBODY ELSE MAY HAVE THE SECRET ID/);
    expect(String(fault)).not.toContain(token);
    await world.write('secret-id', await world.wrap(SECRET_ID, {}));
    await mended(store);
  });

  test('one of another path is an alarm, and is not unwrapped', async () => {
    const token = await world.wrap('sys/wrapping/wrap', { secret_id: 'x' });
    await world.write('secret-id', token);
    expect(String(await faultOf(appRoleStore(true)))).toMatch(
      /secret-id holds a wrapping token of sys\/wrapping\/wrap, not of auth\/approle\/role\/<role>\/secret-id/,
    );
    expect(await world.bao.call('POST', 'sys/wrapping/unwrap', { token })).toMatchObject({
      data: { secret_id: 'x' },
    });
  });

  test('one that is put there later is unwrapped at once: it does not live until the next login', async () => {
    await world.write('secret-id', await world.wrap(SECRET_ID, {}));
    const store = appRoleStore(true);
    await readApiKey(store);
    const token = await world.wrap(SECRET_ID, {});
    await world.write('secret-id', token);
    const isSpent = () =>
      world.bao.call('POST', 'sys/wrapping/lookup', { token }).then(
        () => false,
        () => true,
      );
    await until('the wrapping token to be used', isSpent, { everyMs: 200 });
    await revokeAll();
    expect(await readApiKey(store)).toBe(API_KEY);
  });

  test('one that is put there later and cannot be used is warned of while the login still holds', async () => {
    await world.write('secret-id', await world.wrap(SECRET_ID, {}));
    const store = appRoleStore(true);
    const warnings = async () =>
      (await store.read(apiRef, new AbortController().signal))?.warnings?.join() ?? '';
    expect(await warnings()).toBe('');
    await world.write('secret-id', await world.wrap('sys/wrapping/wrap', { secret_id: 'x' }));
    await until('the warning', async () => /SOMEBODY MAY HAVE PUT IT THERE/.test(await warnings()), {
      everyMs: 200,
    });
    await world.write('secret-id', await world.wrap(SECRET_ID, {}));
    await until('the warning to end', async () => (await warnings()) === '', { everyMs: 200 });
  });
});
