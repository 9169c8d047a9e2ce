import type { SecretKind } from '../model/config.ts';
import type { SecretBytes } from '../secret-bytes.ts';

/** What a store holds under a reference right now, unchecked. */
export interface SecretVersion {
  /** The store's own version or a hash of the content that gives nothing away (HMAC); equal means unchanged. */
  readonly version: string;
  /** By part: `certificate` and `privateKey` (tls), `certificates` and optionally `crl` (ca), `value` (value). PEM or raw bytes. */
  readonly parts: Readonly<Record<string, SecretBytes>>;
  /** When to look again at the latest, in milliseconds from now. */
  readonly checkAgainMs?: number | undefined;
}

/**
 * Where secrets come from. `read` gives the version that is current, `undefined` only where the
 * store itself says that it does not exist, and throws on any failure (the old version stays).
 */
export interface SecretStore {
  read(ref: unknown, signal: AbortSignal): Promise<SecretVersion | undefined>;
  /** Calls `changed` when `ref` may have changed, until `signal` aborts; a hint, never the only way. */
  watch?(ref: unknown, changed: () => void, signal: AbortSignal): void;
}

/** A line of `secrets/index.ts`. */
export interface SecretStoreAdapter<Options, Ref> {
  readonly kind: string;
  readonly schema: import('zod').ZodType<Options>;
  /** The shape of a reference for each kind of secret that the store can hold. */
  readonly refs: Partial<Readonly<Record<SecretKind, import('zod').ZodType<Ref>>>>;
  create(options: Options, context: SecretStoreContext): SecretStore;
}

export interface SecretStoreContext {
  /** The name in `secretStores`. */
  readonly name: string;
  /** Relative paths start here (the folder of the config). */
  readonly baseDir: string;
  /**
   * Key of the HMAC that is the version of what has no public part (at least 32 bytes). The same on
   * all replicas gives the same versions; absent: a random one, and a restart sends such secrets once more.
   */
  readonly hmacKey?: SecretBytes | undefined;
}

/** A version that passed `material.ts`: safe to serve as it is. */
export type CheckedSecret =
  | {
      readonly kind: 'tls';
      readonly version: string;
      /** PEM, leaf first, in chain order. */
      readonly certificateChain: Uint8Array;
      readonly privateKey: SecretBytes;
      /** Epoch milliseconds of the earliest end in the chain. */
      readonly notAfter: number;
      /** Epoch milliseconds of the start of the one that ends first. */
      readonly notBefore?: number | undefined;
      /** DNS names of the leaf. */
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'ca';
      readonly version: string;
      readonly certificates: Uint8Array;
      readonly crl?: Uint8Array | undefined;
      readonly notAfter: number;
      readonly notBefore?: number | undefined;
    }
  | { readonly kind: 'value'; readonly version: string; readonly value: SecretBytes };
