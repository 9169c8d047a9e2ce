import type { SecretBytes } from '../../../secret-bytes.ts';
import type { VaultClient } from '../client.ts';
import type { OwnFiles } from '../files.ts';

/** A login that succeeded. */
export interface Login {
  readonly token: SecretBytes;
  /** How long it is valid from now on; undefined: for ever, or nobody knows. */
  readonly ttlMs: number | undefined;
  readonly renewable: boolean;
}

/** How muster logs in to Vault. */
export interface AuthMethod {
  /** Throws a `VaultFault` in words when it is refused. */
  login(signal: AbortSignal): Promise<Login>;
  /** Changes when what it logs in with does: a login that failed is then tried again soon. */
  stamp(): Promise<string>;
  /**
   * Takes in what the next login needs and what does not keep until then. Called every few seconds;
   * what it throws is told by that login.
   */
  prepare?(): Promise<void>;
  /** The token is somebody else's: it is neither renewed at their cost nor revoked. */
  readonly borrowed: boolean;
}

/** What methods are made of. */
export interface AuthParts {
  readonly client: VaultClient;
  readonly files: OwnFiles;
  /** The newest good value of a secret of another store. */
  readonly secret: ((name: string) => SecretBytes | undefined) | undefined;
}
