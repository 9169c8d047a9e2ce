import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SecretStore } from '../../../src/secrets/store.ts';
import { freePort } from '../../parts/ports.ts';
import { until } from '../../parts/until.ts';
import { failureOf, REF, TOKEN } from './failure.ts';
import { type FakeVault, startFakeVault } from './fake-vault.ts';
import { readWhole, vaultStoreAt } from './vault-store.ts';

const MIB = 1024 * 1024;
const DEADLINE_MS = 300;

let vault: FakeVault;
let store: SecretStore;

beforeEach(async () => {
  vault = await startFakeVault();
  store = vaultStoreAt({ url: vault.url, token: TOKEN });
});
afterEach(async () => {
  await store.close?.();
  await vault.stop();
});

/** The login is there already: what is measured is one call. */
const loggedIn = (to = store) => until('the login', () => readWhole(to, REF));

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const started = performance.now();
  const result = await work();
  return { result, ms: performance.now() - started };
}

describe('an answer that is too long', () => {
  const big = (bytes: number) => JSON.stringify({ data: { token: 'x'.repeat(bytes) } });

  test('is read up to 4 MiB', async () => {
    vault.script(() => ({ body: big(3.9 * MIB) }));
    expect((await readWhole(store, REF)).parts['value']?.length).toBe(Math.floor(3.9 * MIB));
  });

  test('is left there, said beforehand or not', async () => {
    vault.script(() => ({ body: big(5 * MIB) }));
    expect((await failureOf(store)).message).toBe('the answer has more than 4 MiB');
    let sent = 0;
    vault.script(() => (response) => {
      sent = 0;
      endless(response, (bytes) => {
        sent += bytes;
      });
    });
    expect((await failureOf(store)).message).toBe('the answer has more than 4 MiB');
    await until('the connection to end', () => vault.open() === 0);
    expect(sent).toBeLessThan(64 * MIB);
  });
});

describe('an answer that does not come', () => {
  const SILENCE = {
    'not at all': () => undefined,
    'no further than its head': (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
    },
    'byte by byte': (response: ServerResponse) => {
      const timer = setInterval(() => response.write(' '), 20);
      response.once('close', () => clearInterval(timer));
    },
  };

  test.for(Object.entries(SILENCE))('%s: fails at the deadline', async ([, answer]) => {
    const hasty = vaultStoreAt({ url: vault.url, token: TOKEN, deadlineMs: DEADLINE_MS });
    await loggedIn(hasty);
    vault.script(() => answer);
    const { result, ms } = await timed(() => failureOf(hasty));
    expect(result.reaction).toBe('down');
    expect(result.message).toBe(`${vault.url} gave no answer within 0.3 s`);
    expect(ms).toBeGreaterThan(DEADLINE_MS * 0.9);
    expect(ms).toBeLessThan(DEADLINE_MS * 10);
    await until('the connection to end', () => vault.open() === 0);
    await hasty.close?.();
  });

  test.for(Object.entries(SILENCE))('%s: ends at once when nobody waits any more', async ([, answer]) => {
    vault.script(() => answer);
    const waiting = new AbortController();
    const read = store.read(REF, waiting.signal);
    await until('the request to arrive', () => vault.requests.length === 1);
    const { result, ms } = await timed(() => {
      waiting.abort(new Error('stopped'));
      return read.catch((error: unknown) => error);
    });
    expect(result).toMatchObject({ message: 'stopped' });
    expect(ms).toBeLessThan(1000);
    await until('the connection to end', () => vault.open() === 0);
  });

  test('the end of the store ends what waits', async () => {
    vault.script(() => () => undefined);
    const read = failureOf(store);
    await until('the request to arrive', () => vault.requests.length === 1);
    await store.close?.();
    expect((await read).message).toBe('the store is closed');
    await until('the connection to end', () => vault.open() === 0);
  });
});

describe('a connection', () => {
  test('that is cut in the middle of an answer is a failure', async () => {
    await loggedIn();
    vault.script(() => (response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"data":{"token":', () => response.socket?.destroy());
    });
    const failure = await failureOf(store);
    expect(failure.reaction).toBe('down');
    expect(failure.message).toMatch(/cannot be reached \(ECONNRESET\)/);
  });

  test('that nobody accepts is told with its reason', async () => {
    const port = await freePort();
    const lost = vaultStoreAt({ url: `http://127.0.0.1:${port}`, token: TOKEN });
    const failure = await failureOf(lost);
    expect(failure.message).toBe(`http://127.0.0.1:${port} cannot be reached (ECONNREFUSED)`);
    await lost.close?.();
  });

  test('that does not speak HTTP is a failure', async () => {
    await loggedIn();
    vault.script(() => (response) => {
      response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n');
    });
    expect((await failureOf(store)).message).toMatch(/cannot be reached \(HPE_/);
  });

  test('is kept from one read to the next, and closed with the store', async () => {
    for (let n = 0; n < 5; n += 1) await readWhole(store, REF);
    expect(vault.open()).toBe(1);
    await store.close?.();
    await until('the connection to end', () => vault.open() === 0);
  });

  test('there are eight at the most, however many read', async () => {
    const refs = Array.from({ length: 100 }, (_, n) => ({ ...REF, path: `shop/${n}` }));
    await Promise.all(refs.map((ref) => readWhole(store, ref)));
    expect(vault.requests).toHaveLength(100);
    expect(vault.open()).toBeLessThanOrEqual(8);
  });
});

/** Writes until the other side goes. */
function endless(response: ServerResponse, wrote: (bytes: number) => void): void {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  const more = () => {
    if (response.destroyed) return;
    wrote(chunk.length);
    if (response.write(chunk)) setImmediate(more);
    else response.once('drain', more);
  };
  response.writeHead(200, { 'content-type': 'application/json' });
  more();
}
