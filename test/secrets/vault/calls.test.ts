import { expect, test } from 'vitest';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import { createCalls } from '../../../src/secrets/vault/calls.ts';
import type { VaultCall } from '../../../src/secrets/vault/client.ts';
import { VaultFault } from '../../../src/secrets/vault/fault.ts';
import { Session } from '../../../src/secrets/vault/session.ts';
import { manualClock } from '../../discovery/manual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const never = new AbortController().signal;
const forbidden = () => new VaultFault('forbidden', 'permission denied');

/** A Vault with tokens that last, of which a test says what they may do. */
function makeCalls() {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const vault = {
    logins: 0,
    lookups: 0,
    reads: [] as string[],
    dead: new Set<string>(),
    mayLookUp: true,
    loginFault: undefined as VaultFault | undefined,
    /** Whether a token may read a path. */
    allows: (_token: string, _path: string): boolean => true,
  };
  const call = async ({ path, token }: VaultCall): Promise<unknown> => {
    const text = Buffer.from(token?.reveal() ?? []).toString('utf8');
    if (path === 'auth/token/lookup-self') {
      vault.lookups += 1;
      if (vault.dead.has(text) || !vault.mayLookUp) throw forbidden();
      return {};
    }
    vault.reads.push(path);
    if (vault.dead.has(text) || !vault.allows(text, path)) throw forbidden();
    return { path, token: text };
  };
  const client = { call, close: () => undefined };
  const method = {
    borrowed: false,
    stamp: async () => '',
    login: async () => {
      vault.logins += 1;
      if (vault.loginFault !== undefined) throw vault.loginFault;
      const token = SecretBytes.fromUtf8(`token-${vault.logins}`);
      return { token, ttlMs: undefined, renewable: false };
    },
  };
  const session = new Session({ client, method, clock, random: () => 0.5 });
  const calls = createCalls({ client, session, clock, life: never });
  return { clock, vault, read: (path: string) => calls.read(path, never) };
}

test('a token that is dead is replaced, and what all asked for is read', async () => {
  const { vault, read } = makeCalls();
  await read('a');
  vault.dead.add('token-1');
  const answers = await Promise.all(['a', 'b', 'c'].map((path) => read(path)));
  expect(answers).toEqual(['a', 'b', 'c'].map((path) => ({ path, token: 'token-2' })));
  expect(vault.logins).toBe(2);
});

test('those who read the same at the same time share one call', async () => {
  const { vault, read } = makeCalls();
  await Promise.all(Array.from({ length: 100 }, () => read('a')));
  expect(vault.reads).toEqual(['a']);
});

test('a thousand paths that a policy denies cost one login in an hour', async () => {
  const { clock, vault, read } = makeCalls();
  vault.allows = (_token, path) => path === 'allowed';
  await read('allowed');
  const paths = Array.from({ length: 1000 }, (_, index) => `denied-${index}`);
  for (let minute = 0; minute < 60; minute += 5) {
    const outcomes = await Promise.allSettled(paths.map((path) => read(path)));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1000);
    expect(await read('allowed')).toMatchObject({ path: 'allowed' });
    await clock.advance(5 * MINUTE);
  }
  expect(vault.logins).toBe(1);
});

test('a denied path is tried with a new login where ours is older than a minute', async () => {
  const { clock, vault, read } = makeCalls();
  await read('a');
  vault.allows = (token) => token !== 'token-1';
  await clock.advance(2 * MINUTE);
  expect(await read('b')).toEqual({ path: 'b', token: 'token-2' });
});

test('a role that was given the policy it lacked is seen within an hour', async () => {
  const { clock, vault, read } = makeCalls();
  vault.allows = () => false;
  await expect(read('a')).rejects.toThrow('permission denied');
  vault.allows = (token) => token !== 'token-1';
  await clock.advance(59 * MINUTE);
  await expect(read('a')).rejects.toThrow('permission denied');
  await clock.advance(2 * MINUTE);
  expect(await read('a')).toEqual({ path: 'a', token: 'token-2' });
});

test('where nobody may ask whether a token lives, a dead one is replaced all the same', async () => {
  const { clock, vault, read } = makeCalls();
  vault.mayLookUp = false;
  vault.allows = (_token, path) => path === 'allowed';
  await read('allowed');
  for (let minute = 0; minute < 60; minute += 1) {
    await expect(read('denied')).rejects.toThrow('permission denied');
    await clock.advance(MINUTE);
  }
  expect(vault.logins).toBeLessThanOrEqual(8);
  vault.dead.add(`token-${vault.logins}`);
  expect(await read('allowed')).toMatchObject({ path: 'allowed' });
});

test('a denied path is told as such, though no new login can be had, and the others read on', async () => {
  const { clock, vault, read } = makeCalls();
  await read('allowed');
  vault.allows = (_token, path) => path === 'allowed';
  vault.loginFault = new VaultFault('refused', 'the secret id is used up');
  await clock.advance(HOUR);
  await expect(read('denied')).rejects.toThrow('permission denied');
  expect(await read('allowed')).toMatchObject({ path: 'allowed' });
});

test('a dead token whose successor cannot be had is told by its login, which is not stormed', async () => {
  const { vault, read } = makeCalls();
  await read('a');
  vault.dead.add('token-1');
  vault.loginFault = new VaultFault('refused', 'the secret id is used up');
  for (let index = 0; index < 1000; index += 1)
    await expect(read(`path-${index}`)).rejects.toThrow('the secret id is used up');
  expect(vault.logins).toBe(2);
});
