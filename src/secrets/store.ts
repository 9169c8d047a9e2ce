import type { SecretKind } from '../model/config.ts';
import type { SecretBytes } from '../secret-bytes.ts';

/** What a store holds under a reference right now, unchecked. */
export interface SecretVersion {
  /** The store's own version or a hash of the content that gives nothing away (HMAC); equal means unchanged. */
  readonly version: string;
  /**
   * By part: `certificate` and `privateKey` (tls), `certificates` and optionally `crl` (ca), `keys`
   * (sessionTicketKeys), `value` (value). PEM or raw bytes.
   */
  readonly parts: SecretParts;
  /** When to look again at the latest, in milliseconds from now. */
  readonly checkAgainMs?: number | undefined;
  /** What is odd and does not keep it from being served: the store is about to lose it, say. In the user's words. */
  readonly warnings?: readonly string[] | undefined;
}

export type SecretParts = Readonly<Record<string, SecretBytes>>;

/** The version is still the one that the caller knows: its parts need not be fetched. */
export interface UnchangedSecret extends Omit<SecretVersion, 'parts'> {
  readonly parts?: undefined;
}

/**
 * Where secrets come from. `read` gives the version that is current, `undefined` only where the
 * store itself says that it does not exist, and throws on any failure (the old version stays).
 * `known` is the version that the caller has: a store that can tell by a cheaper call answers
 * without parts while it is still that one.
 */
export interface SecretStore {
  read(
    ref: unknown,
    signal: AbortSignal,
    known?: string,
  ): Promise<SecretVersion | UnchangedSecret | undefined>;
  /** Calls `changed` when `ref` may have changed, until `signal` aborts; a hint, never the only way. */
  watch?(ref: unknown, changed: () => void, signal: AbortSignal): void;
  /** Nobody reads any more: ends timers and connections, gives back what the config says is to be given back. */
  close?(): Promise<void>;
}

/** A line of `secrets/index.ts`. */
export interface SecretStoreAdapter<Options, Ref> {
  readonly kind: string;
  readonly schema: import('zod').ZodType<Options>;
  /** The shape of a reference for each kind of secret that the store can hold. */
  readonly refs: Partial<Readonly<Record<SecretKind, import('zod').ZodType<Ref>>>>;
  /** What is wrong with a reference for a store with these options, though both are right alone. */
  refFault?(ref: Ref, options: Options): RefFault | undefined;
  create(options: Options, context: SecretStoreContext): SecretStore;
}

export interface RefFault {
  /** Where in the reference. */
  readonly path: readonly string[];
  readonly message: string;
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
  /** The newest good value of a secret of kind `value`, for the store's own login; undefined until it was read. */
  readonly secret?: ((name: string) => SecretBytes | undefined) | undefined;
}

/** A version that passed `material.ts`: safe to serve as it is. Served under `identity.ts`' version. */
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
  | {
      readonly kind: 'sessionTicketKeys';
      readonly version: string;
      /** Of 80 bytes each; the first encrypts new tickets, all decrypt. */
      readonly keys: readonly SecretBytes[];
    }
  | { readonly kind: 'value'; readonly version: string; readonly value: SecretBytes };
