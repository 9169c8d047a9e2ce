import type { CheckedSecret } from './store.ts';

/** What `checkMaterial` says of one version of a secret. */
export interface Checked {
  readonly secret?: CheckedSecret | undefined;
  /** Why it must not be served, and what to do. Holds nothing of the content. */
  readonly problem?: string | undefined;
  /** What was mended or is odd; the secret is served all the same. */
  readonly warnings: readonly string[];
}
