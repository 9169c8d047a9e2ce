import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import type { AuthMethod, Login } from '../../../src/secrets/vault/auth/method.ts';
import type { VaultCall } from '../../../src/secrets/vault/client.ts';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';
import { Session } from '../../../src/secrets/vault/session.ts';
import { manualClock } from '../../discovery/manual-clock.ts';

const never = new AbortController().signal;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const sealed = () => new VaultFault('down', 'Vault is sealed');
const refused = () => new VaultFault('refused', 'the secret id in secret-id is used up');

/** A Vault whose answers a test sets, and a session with it; time stands until it is moved. */
function makeSession(given: Partial<Login> & { readonly borrowed?: boolean; readonly random?: number } = {}) {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const vault = {
    logins: [] as number[],
    renewals: [] as number[],
    revoked: 0,
    stamp: 'first',
    /** What a login or a renewal is answered with, where it is not a token. */
    loginFault: undefined as VaultFault | undefined,
    renewalFault: undefined as VaultFault | undefined,
    isDown: false,
    ttlMs: HOUR as number | undefined,
    /** What renewals give; the TTL of the login if undefined. */
    renewedTtlMs: undefined as number | undefined,
  };
  const method: AuthMethod = {
    borrowed: given.borrowed ?? false,
    stamp: async () => vault.stamp,
    login: async () => {
      vault.logins.push(clock.now());
      if (vault.isDown) throw sealed();
      if (vault.loginFault !== undefined) throw vault.loginFault;
      const token = SecretBytes.fromUtf8(`token-${vault.logins.length}`);
      return { token, ttlMs: vault.ttlMs, renewable: true, ...given };
    },
  };
  const call = async ({ path }: VaultCall): Promise<unknown> => {
    if (path === 'auth/token/revoke-self') vault.revoked += 1;
    if (path === 'auth/token/renew-self') vault.renewals.push(clock.now());
    if (vault.isDown) throw sealed();
    if (path !== 'auth/token/renew-self') return {};
    if (vault.renewalFault !== undefined) throw vault.renewalFault;
    const seconds = (vault.renewedTtlMs ?? vault.ttlMs ?? 0) / SECOND;
    return { auth: { lease_duration: seconds, renewable: true } };
  };
  const session = new Session({
    client: { call, close: () => undefined },
    method,
    clock,
    random: () => given.random ?? 0.5,
  });
  const token = async () => Buffer.from((await session.token(never)).token.reveal()).toString('utf8');
  return { clock, vault, session, token };
}

describe('a token is kept valid', () => {
  test('it is renewed at two thirds of its life, again and again', async () => {
    const { clock, vault, token } = makeSession();
    const start = clock.now();
    expect(await token()).toBe('token-1');
    await clock.advance(2 * HOUR);
    expect(vault.renewals.map((at) => at - start)).toEqual([40 * MINUTE, 80 * MINUTE, 120 * MINUTE]);
    expect(vault.logins).toHaveLength(1);
    expect(await token()).toBe('token-1');
  });

  test('the time of renewal is spread by a tenth either way', async () => {
    const first = async (random: number) => {
      const { clock, vault, token } = makeSession({ random });
      const start = clock.now();
      await token();
      await clock.advance(HOUR);
      return (vault.renewals[0] ?? 0) - start;
    };
    expect(await first(0)).toBe(36 * MINUTE);
    expect(await first(0.999)).toBeGreaterThan(43 * MINUTE);
  });

  test('near its greatest age, when renewals give less, it is obtained anew', async () => {
    const { clock, vault, token } = makeSession();
    await token();
    vault.renewedTtlMs = 20 * MINUTE;
    await clock.advance(41 * MINUTE);
    expect(await token()).toBe('token-2');
  });

  test('near its greatest age it is used to its very end while no login succeeds', async () => {
    const { clock, vault, token } = makeSession();
    await token();
    vault.renewedTtlMs = 39 * MINUTE;
    vault.loginFault = refused();
    await clock.advance(HOUR + 10 * MINUTE);
    expect(await token()).toBe('token-1');
    vault.renewedTtlMs = 1;
    await clock.advance(HOUR);
    await expect(token()).rejects.toThrow('secret-id is used up');
  });

  test('a batch token, which is not renewed, is obtained anew at two thirds of its life', async () => {
    const { clock, vault, token } = makeSession({ renewable: false });
    const start = clock.now();
    await token();
    await clock.advance(HOUR);
    expect(vault.renewals).toEqual([]);
    expect(vault.logins.map((at) => at - start)).toEqual([0, 40 * MINUTE]);
    expect(await token()).toBe('token-2');
  });

  test.each([
    new VaultFault('forbidden', 'permission denied'),
    new VaultFault('refused', 'lease is not renewable'),
    new VaultFault('down', 'auth/token/renew-self failed with status 500: past the max TTL, cannot renew'),
  ])('where its renewal is refused it is obtained anew: $message', async (fault) => {
    const { clock, vault, token } = makeSession();
    await token();
    vault.renewalFault = fault;
    await clock.advance(41 * MINUTE);
    expect(await token()).toBe('token-2');
  });

  test('for ever: a year of one-hour tokens that live for eight', async () => {
    const { clock, vault, token } = makeSession();
    await token();
    let loggedIn = clock.now();
    let logins = 1;
    for (let hour = 0; hour < 24 * 365; hour += 1) {
      if (vault.logins.length > logins) {
        logins = vault.logins.length;
        loggedIn = vault.logins.at(-1) ?? 0;
      }
      vault.renewedTtlMs = Math.max(Math.min(HOUR, loggedIn + 8 * HOUR - clock.now()), SECOND);
      await clock.advance(HOUR);
      expect(await token()).toBe(`token-${vault.logins.length}`);
    }
    expect(vault.logins.length).toBeGreaterThan((24 * 365) / 9);
    expect(vault.logins.length).toBeLessThan((24 * 365) / 6);
    expect(clock.pending).toBe(1);
  });

  test('a token without end is left alone', async () => {
    const { clock, token } = makeSession({ ttlMs: undefined });
    expect(await token()).toBe('token-1');
    expect(clock.pending).toBe(0);
  });

  test('all who need one at the same time share one login', async () => {
    const { vault, token } = makeSession();
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => token()));
    expect(new Set(tokens)).toEqual(new Set(['token-1']));
    expect(vault.logins).toHaveLength(1);
  });
});

describe('a login that fails', () => {
  test('is tried again from 1 s to 60 s apart, and told meanwhile without another try', async () => {
    const { clock, vault, token } = makeSession({ random: 0.999 });
    vault.loginFault = refused();
    await expect(token()).rejects.toThrow('secret-id is used up');
    for (let reader = 0; reader < 100; reader += 1)
      await expect(token()).rejects.toThrow('secret-id is used up');
    expect(vault.logins).toHaveLength(1);
    await clock.advance(HOUR);
    const waits = vault.logins.slice(1).map((at, index) => at - (vault.logins[index] ?? 0));
    expect(waits[0]).toBeLessThanOrEqual(SECOND);
    expect(Math.max(...waits)).toBeLessThanOrEqual(MINUTE);
    expect(vault.logins.length).toBeLessThan(70);
    expect(vault.logins.length).toBeGreaterThan(55);
  });

  test('is tried again within 10 s of a change of what it logs in with', async () => {
    const { clock, vault, token } = makeSession({ random: 0.999 });
    vault.loginFault = refused();
    await expect(token()).rejects.toThrow();
    await clock.advance(HOUR);
    vault.loginFault = undefined;
    vault.stamp = 'second';
    await clock.advance(10 * SECOND);
    expect(await token()).toBe(`token-${vault.logins.length}`);
  });

  test('FAULT7: a Vault sealed for 2 h is logged in to within 10 s of being unsealed, and not stormed before', async () => {
    const { clock, vault, token } = makeSession({ random: 0.999 });
    await token();
    vault.isDown = true;
    await clock.advance(2 * HOUR);
    await expect(token()).rejects.toThrow('Vault is sealed');
    expect(vault.logins.length + vault.renewals.length).toBeLessThan(130);
    vault.isDown = false;
    const before = vault.logins.length;
    await clock.advance(10 * SECOND);
    expect(vault.logins.length).toBeGreaterThan(before);
    expect(await token()).toBe(`token-${vault.logins.length}`);
  });

  test('a token that is valid is used on while it cannot be renewed', async () => {
    const { clock, vault, token } = makeSession();
    await token();
    vault.isDown = true;
    await clock.advance(59 * MINUTE);
    expect(await token()).toBe('token-1');
    expect(vault.renewals.length).toBeGreaterThan(1);
    vault.isDown = false;
    await clock.advance(10 * SECOND);
    await clock.advance(30 * MINUTE);
    expect(await token()).toBe('token-1');
    expect(vault.logins).toHaveLength(1);
  });

  test('a Vault that answers but fails is not asked more often for answering', async () => {
    const { clock, vault, token } = makeSession({ random: 0.999 });
    vault.loginFault = new VaultFault('down', 'failed with status 500');
    await expect(token()).rejects.toThrow();
    await clock.advance(HOUR);
    expect(vault.logins.length).toBeLessThan(75);
  });

  test('FAULT11: a clock that is set back by 10 min makes no wait longer, nor one set forward a storm', async () => {
    for (const step of [-10 * MINUTE, 10 * MINUTE]) {
      const { clock, vault, token } = makeSession({ random: 0.999 });
      vault.loginFault = refused();
      await expect(token()).rejects.toThrow();
      await clock.advance(10 * MINUTE);
      const before = vault.logins.length;
      clock.step(step);
      await clock.advance(10 * MINUTE);
      expect(vault.logins.length - before).toBeGreaterThan(8);
      expect(vault.logins.length - before).toBeLessThan(15);
    }
  });

  test('one reader that gives up leaves the login to the others', async () => {
    const { session, token } = makeSession();
    const impatient = new AbortController();
    const given = session.token(impatient.signal);
    const other = token();
    impatient.abort(new Error('gave up'));
    await expect(given).rejects.toThrow('gave up');
    expect(await other).toBe('token-1');
  });
});

describe('the end of a session', () => {
  test('leaves no timer behind', async () => {
    for (const fault of [undefined, refused(), sealed()]) {
      const { clock, vault, session, token } = makeSession();
      vault.loginFault = fault;
      await token().catch(() => undefined);
      await session.close({ revoke: false });
      await clock.advance(HOUR);
      expect(clock.pending).toBe(0);
      expect(vault.revoked).toBe(0);
    }
  });

  test('gives the token back if asked to, and never one that is borrowed', async () => {
    const own = makeSession();
    await own.token();
    await own.session.close({ revoke: true });
    expect(own.vault.revoked).toBe(1);
    const borrowed = makeSession({ borrowed: true });
    await borrowed.token();
    await borrowed.session.close({ revoke: true });
    expect(borrowed.vault.revoked).toBe(0);
  });

  test('P5: what can be printed of it holds no byte of the token', async () => {
    const { session, token } = makeSession();
    await token();
    expect(inspect(session, { depth: 9, showHidden: true })).not.toContain('token-1');
  });
});

test('a borrowed token is read anew as soon as there is another one', async () => {
  const { vault, token } = makeSession({ borrowed: true });
  await token();
  vault.stamp = 'second';
  expect(await token()).toBe('token-2');
});
