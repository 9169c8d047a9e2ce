import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { type ManualClock, manualClock } from '../../discovery/manual-clock.ts';
import { failureOf, REF, TOKEN } from './failure.ts';
import { type FakeAnswer, type FakeVault, startFakeVault, VALUE } from './fake-vault.ts';
import { readWhole, textOf, vaultStoreAt } from './vault-store.ts';

const never = new AbortController().signal;
const PAGE = '<!doctype html><title>Welcome</title>';
const HTML = { 'content-type': 'text/html' };

let vault: FakeVault;
let clock: ManualClock;
let store: SecretStore;

beforeEach(async () => {
  vault = await startFakeVault();
  clock = manualClock(Date.now());
  store = vaultStoreAt({ url: vault.url, token: TOKEN, clock });
});
afterEach(async () => {
  await store.close?.();
  await vault.stop();
});

const answerWith = (answer: FakeAnswer) => vault.script(() => answer);

const errors = (...words: string[]) => ({ errors: words });

describe('an answer that is no success', () => {
  test.for<[string, FakeAnswer, string, RegExp]>([
    [
      '400',
      { status: 400, body: errors('bad  \n thing') },
      'refused',
      /reading kv\/shop was refused: bad thing$/,
    ],
    [
      '403',
      { status: 403, body: errors('permission denied') },
      'forbidden',
      /is forbidden.*needs read on kv\/shop/,
    ],
    ['404 with a complaint', { status: 404, body: errors('no handler') }, 'broken', /status 404: no handler/],
    ['404 of a web server', { status: 404, body: PAGE, headers: HTML }, 'broken', /404 and a web page/],
    ['404 without a body', { status: 404 }, 'broken', /status 404 and nothing/],
    ['404 of another JSON', { status: 404, body: { message: 'none' } }, 'broken', /status 404/],
    ['405', { status: 405, body: errors('unsupported') }, 'refused', /unsupported/],
    ['412', { status: 412, body: errors('index') }, 'down', /not known to this node yet/],
    ['429', { status: 429, body: errors('slow down') }, 'throttled', /too many requests/],
    ['429 of a proxy', { status: 429, body: PAGE, headers: HTML }, 'throttled', /too many requests/],
    ['472', { status: 472 }, 'down', /standby of disaster recovery: write the address of the primary/],
    ['473', { status: 473, body: {} }, 'down', /a standby: write an address that leads to the active/],
    ['500', { status: 500, body: errors('1 error') }, 'down', /failed with status 500: 1 error/],
    ['502 of a proxy', { status: 502, body: PAGE, headers: HTML }, 'down', /failed with status 502/],
    [
      '503 sealed',
      { status: 503, body: errors('Vault is sealed') },
      'down',
      /Vault is sealed, somebody has to/,
    ],
    ['503 of a proxy', { status: 503, body: 'no upstream' }, 'down', /failed with status 503/],
    ['401', { status: 401, body: PAGE, headers: HTML }, 'broken', /status 401 and a web page/],
    ['403 of a firewall', { status: 403, body: PAGE, headers: HTML }, 'broken', /status 403 and a web page/],
    ['202', { status: 202, body: VALUE }, 'broken', /status 202/],
  ])('%s is a failure in words, never absence', async ([, answer, reaction, words]) => {
    answerWith(answer);
    const failure = await failureOf(store);
    expect(failure.reaction).toBe(reaction);
    expect(failure.message).toMatch(words);
    expect(failure.cause).toBeUndefined();
  });

  test('only a 404 of Vault without any complaint is absence', async () => {
    answerWith({ status: 404, body: errors() });
    expect(await store.read(REF, never)).toBeUndefined();
  });

  test('P5: the token in the words of an answer is taken out', async () => {
    answerWith({ status: 400, body: errors(`bad token ${TOKEN}, and once more: ${TOKEN}`) });
    const { message } = await failureOf(store);
    expect(message).toMatch(/bad token \[redacted\], and once more: \[redacted\]$/);
  });

  test('long words are cut', async () => {
    answerWith({ status: 500, body: errors('x'.repeat(100_000)) });
    expect((await failureOf(store)).message.length).toBeLessThan(400);
  });
});

describe('a success that is none', () => {
  test.for<[string, FakeAnswer, RegExp]>([
    ['a web page', { body: PAGE, headers: HTML }, /answered with a web page: is this the address of a Vault/],
    ['a web page that says it is JSON', { body: PAGE }, /a web page/],
    ['nothing', { body: '' }, /answered with nothing/],
    ['204', { status: 204 }, /does not look like Vault's/],
    ['JSON that is cut', { body: JSON.stringify(VALUE).slice(0, -3) }, /something that is not JSON/],
    ['compressed JSON', { body: '\u001f\u008b', headers: { 'content-encoding': 'gzip' } }, /not JSON/],
    ['a list', { body: [VALUE] }, /answered with something/],
    ['null', { body: null }, /answered with something/],
    ['a string', { body: '"text"' }, /answered with something/],
    ['another object', { body: { ok: true } }, /does not look like Vault's/],
    ['fields that are none', { body: { data: [1] } }, /does not look like Vault's/],
    ['data that are absent', { body: { data: null } }, /does not look like Vault's/],
  ])('%s is a failure', async ([, answer, words]) => {
    answerWith(answer);
    const failure = await failureOf(store);
    expect(failure.reaction).toBe('broken');
    expect(failure.message).toMatch(words);
  });

  test('names of the prototype in an answer change nothing (BAD6)', async () => {
    answerWith({ body: '{"data":{"__proto__":{"token":"polluted"},"token":"good"},"__proto__":{"x":1}}' });
    expect(textOf((await readWhole(store, REF)).parts['value'])).toBe('good');
    expect(Object.hasOwn(Object.prototype, 'token')).toBe(false);
  });
});

describe('when Vault asks to be left alone', () => {
  test.for([
    ['429 for 7 s', 429, '7', 7000],
    ['429 that does not say', 429, undefined, 1000],
    ['503 for 20 s', 503, '20', 20_000],
    ['429 for a year, which is cut', 429, '31536000', 300_000],
  ] as const)('%s, nothing is asked until then', async ([, status, seconds, pauseMs]) => {
    const headers = seconds === undefined ? {} : { 'retry-after': seconds };
    answerWith({ status, headers, body: errors('slow down') });
    await failureOf(store);
    answerWith({ body: VALUE });
    await clock.advance(pauseMs - 1);
    const failure = await failureOf(store);
    expect(failure.reaction).toBe('throttled');
    expect(failure.message).toBe('Vault asked not to be asked for 1 s');
    expect(vault.requests).toHaveLength(1);
    await clock.advance(1);
    expect(textOf((await readWhole(store, REF)).parts['value'])).toBe(VALUE.data.token);
  });

  test('a date that nobody understands is no pause for ever', async () => {
    answerWith({ status: 429, headers: { 'retry-after': 'whenever' }, body: errors('slow down') });
    await failureOf(store);
    answerWith({ body: VALUE });
    await clock.advance(1000);
    await readWhole(store, REF);
  });
});

test('FAULT7: what was sealed is read as soon as it is unsealed, without anything else', async () => {
  answerWith({ status: 503, body: errors('Vault is sealed') });
  for (let n = 0; n < 20; n += 1) expect((await failureOf(store)).reaction).toBe('down');
  answerWith({ body: VALUE });
  await readWhole(store, REF);
});
