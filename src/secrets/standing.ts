import type { SecretKind } from '../model/config.ts';
import { type ExpiryAlarm, endOf, expiryAlarm } from './expiry.ts';
import { checkMaterial } from './material.ts';
import type { CheckedSecret, SecretVersion, UnchangedSecret } from './store.ts';

/**
 * What is served of one secret: replaced by better, never by nothing. `source`: `read` in this life
 * under this reference, `restored` from before the start, `inherited` from another reference of the
 * same name, whose versions mean nothing here.
 */
export interface Standing {
  readonly secret: CheckedSecret;
  readonly source: 'read' | 'restored' | 'inherited';
}

export type Taken =
  | { readonly standing: Standing; readonly isNew: boolean; readonly warnings: readonly string[] }
  /** Why it must not be served; what stands stays. */
  | { readonly refused: string };

/** What stands after the store gave this version. */
export function takeVersion(
  standing: Standing | undefined,
  version: SecretVersion | UnchangedSecret,
  kind: SecretKind,
  now: number,
): Taken {
  const known = standing?.source === 'inherited' ? undefined : standing;
  if (known?.secret.version === version.version) {
    return { standing: { secret: known.secret, source: 'read' }, isNew: false, warnings: [] };
  }
  if (version.parts === undefined) {
    return { refused: `the store says that version ${version.version} is known, and it is not` };
  }
  const { secret, problem, warnings } = checkMaterial(kind, version, now);
  if (secret === undefined) return { refused: problem ?? 'it cannot be used' };
  return { standing: { secret, source: 'read' }, isNew: true, warnings };
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
