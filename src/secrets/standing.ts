import type { SecretConfig } from '../model/config.ts';
import { type ExpiryAlarm, endOf, expiryAlarm } from './expiry.ts';
import { servedVersion } from './identity.ts';
import { checkMaterial } from './material.ts';
import type { CheckedSecret, SecretVersion, UnchangedSecret } from './store.ts';

/** What is served of one secret: replaced by better, never by nothing. */
export interface Standing {
  readonly secret: CheckedSecret;
  /** `restored`: from before the start, and not read since. */
  readonly source: 'read' | 'restored';
  /** The store's own version of it; undefined where it comes from elsewhere than its present reference. */
  readonly known: string | undefined;
}

export type Taken =
  | { readonly standing: Standing; readonly isNew: boolean; readonly warnings: readonly string[] | undefined }
  /** Why it must not be served; what stands stays. */
  | { readonly refused: string };

/** What stands after the store gave this version. `warnings` are absent where nothing was looked at. */
export function takeVersion(
  standing: Standing | undefined,
  version: SecretVersion | UnchangedSecret,
  config: SecretConfig,
  now: number,
): Taken {
  if (standing !== undefined && standing.known === version.version) {
    return { standing: { ...standing, source: 'read' }, isNew: false, warnings: undefined };
  }
  if (version.parts === undefined) {
    return { refused: `the store says that version ${version.version} is known, and it is not` };
  }
  const { secret: checked, problem, warnings } = checkMaterial(config.kind, version, now);
  if (checked === undefined) return { refused: problem ?? 'it cannot be used' };
  const secret = { ...checked, version: servedVersion(config, checked) };
  // The same out of another place is told too: what is kept of it is bound to its place.
  const moved = standing?.source === 'read' && standing.known === undefined;
  const isNew = moved || secret.version !== standing?.secret.version;
  return { standing: { secret, source: 'read', known: version.version }, isNew, warnings };
}

/** Tells each step of the ladder to the end of a life once: `warn`, `page`, `expired`. */
export class ExpiryLadder {
  #told: ExpiryAlarm = 'none';

  /** A line for people when a new step is reached; a renewed secret begins anew. */
  step(secret: CheckedSecret, now: number): string | undefined {
    const alarm = expiryAlarm(secret, now);
    const end = endOf(secret);
    const isNews = alarm !== this.#told && alarm !== 'none';
    this.#told = alarm;
    if (!isNews || end === undefined) return undefined;
    return `its validity ${alarm === 'expired' ? 'ended' : 'ends'} on ${new Date(end).toISOString()}`;
  }
}
