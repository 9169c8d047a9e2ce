import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SecretStore, SecretVersion } from '../../src/secrets/store.ts';

/** A store over something that the suite can change, holding one certificate pair. */
export interface StoreUnderTest {
  readonly store: SecretStore;
  /** The reference of the pair. */
  readonly ref: unknown;
  /** A reference, of the right shape, to nothing. */
  readonly absentRef: unknown;
  /** Text out of the private key that must never be seen. */
  readonly marker: string;
  /** Replaces the pair by a new one, as a user of this store would. */
  rotate(): Promise<void>;
  /** Its hints say that it can be read again, and nothing of changes: it has named cases of its own for that. */
  readonly hintsOfRecovery?: true;
  /** From now on the store cannot be read. */
  break(): Promise<void>;
  close(): Promise<void>;
}

/** What every secret store keeps to (the contract of `secrets/store.ts`). */
export function testSecretStore(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`${name} is a secret store`, () => {
    let under: StoreUnderTest;
    const never = new AbortController().signal;
    const read = async (): Promise<SecretVersion> => {
      const version = await under.store.read(under.ref, never);
      return version?.parts === undefined ? expect.unreachable('the pair is there') : version;
    };

    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.close());

    test('gives both parts of a pair', async () => {
      const { parts } = await read();
      expect(Object.keys(parts).sort()).toEqual(['certificate', 'privateKey']);
      expect(Buffer.from(parts['privateKey']?.reveal() ?? []).toString()).toContain(under.marker);
    });

    test('the version is equal while nothing changes, and another one after a rotation', async () => {
      const first = await read();
      expect((await read()).version).toBe(first.version);
      await under.rotate();
      expect((await read()).version).not.toBe(first.version);
    });

    test('what is known and unchanged keeps its version, and a new one comes with its parts', async () => {
      const { version } = await read();
      expect((await under.store.read(under.ref, never, version))?.version).toBe(version);
      await under.rotate();
      const next = await under.store.read(under.ref, never, version);
      expect(next?.version).not.toBe(version);
      expect(Object.keys(next?.parts ?? {}).sort()).toEqual(['certificate', 'privateKey']);
    });

    test('says when to look again, if at all, in some time', async () => {
      const { checkAgainMs } = await read();
      expect(checkAgainMs ?? 1).toBeGreaterThan(0);
    });

    test('absence is a value', async () => {
      expect(await under.store.read(under.absentRef, never)).toBeUndefined();
    });

    test('failure is a throw', async () => {
      await under.break();
      await expect(under.store.read(under.ref, never)).rejects.toThrow(/./);
    });

    test('a cancelled read ends at once', async () => {
      const started = performance.now();
      await Promise.allSettled([under.store.read(under.ref, AbortSignal.abort())]);
      expect(performance.now() - started).toBeLessThan(1000);
    });

    test('hints at a change, and no longer after the cancel', async () => {
      if (under.store.watch === undefined || under.hintsOfRecovery === true) return;
      const controller = new AbortController();
      const hinted = Promise.withResolvers<void>();
      let hints = 0;
      under.store.watch(
        under.ref,
        () => {
          hints += 1;
          hinted.resolve();
        },
        controller.signal,
      );
      await under.rotate();
      await hinted.promise;
      controller.abort();
      const before = hints;
      await under.rotate();
      await read();
      expect(hints).toBe(before);
    });

    test('P5: nothing that can be printed holds a byte of the key', async () => {
      const version = await read();
      const seen = [
        inspect(version, { depth: 9, showHidden: true }),
        JSON.stringify(version),
        version.version,
      ];
      seen.push(inspect(under.store, { depth: 9, showHidden: true }));
      await under.break();
      const error: unknown = await under.store.read(under.ref, never).catch((thrown: unknown) => thrown);
      seen.push(inspect(error, { depth: 9, showHidden: true }));
      expect(seen.join('\n')).not.toContain(under.marker);
    });
  });
}
