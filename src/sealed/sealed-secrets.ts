import type { SecretConfig } from '../model/config.ts';
import type { SecretBytes } from '../secret-bytes.ts';
import type { CheckedSecret } from '../secrets/store.ts';

/** What of before the start may be served until the stores answer, and what could not be used, in words. */
export interface RestoredSecrets {
  readonly secrets: ReadonlyMap<string, CheckedSecret>;
  readonly problems: readonly string[];
}

/**
 * Last good secrets kept over a restart, sealed; or the absence of that. Reading happens once, at
 * start. All else returns at once and never throws: no disk delays a push or ends the serving.
 */
export interface SealedSecrets {
  /** `hmacKey` of the stores' context; undefined: nothing is sealed, and each life has its own. */
  readonly versionKey: SecretBytes | undefined;
  /** Removes on the way what has ended and what the config does not name in this form. */
  load(wanted: Iterable<SecretConfig>, now: number): Promise<RestoredSecrets>;
  /** The store gave this, under this config. */
  put(config: SecretConfig, secret: CheckedSecret, now: number): void;
  /** Exactly what these read is kept from now on. */
  retain(wanted: ReadonlyMap<string, SecretConfig>): void;
  /**
   * Removes what has ended. `confirmed`: by name, when its store last said that it still is the one;
   * asked for now and then.
   */
  sweep(now: number, confirmed: () => ReadonlyMap<string, number>): void;
  /** Resolves when everything put so far was written, or was tried and failed. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
