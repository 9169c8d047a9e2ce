import type { SecretBytes } from '../../secret-bytes.ts';
import type { SecretVersion, UnchangedSecret } from '../store.ts';
import { contentVersion } from './content-version.ts';
import { reactionOf, VaultFault, withNeed } from './fault.ts';
import { kv1Answer, parseAnswer } from './kv-answers.ts';
import type { Reading, SharedRead } from './kv2.ts';
import { encodePath } from './names.ts';
import { partsOf } from './parts.ts';
import type { KvRef } from './refs.ts';

export interface Kv1Options {
  readonly read: SharedRead;
  readonly intervalMs: number;
  readonly hmacKey: SecretBytes;
}

/** KV version 1 knows no versions: the secret is read each time, and an HMAC of it is its version. */
export async function readKv1(
  { ref, known, signal }: Reading<KvRef>,
  { read, intervalMs, hmacKey }: Kv1Options,
): Promise<SecretVersion | UnchangedSecret | undefined> {
  if (ref.version !== undefined)
    throw new VaultFault(
      'refused',
      `${ref.mount} is KV version 1, which keeps no versions: leave out version`,
    );
  try {
    const answer = await read(`${encodePath(ref.mount)}/${encodePath(ref.path)}`, signal);
    const fields = parseAnswer(kv1Answer, answer, `${ref.mount}/${ref.path}`).data;
    const parts = partsOf(ref, fields);
    const version = contentVersion(parts, hmacKey);
    const unchanged = { version, checkAgainMs: intervalMs };
    return version === known ? unchanged : { ...unchanged, parts };
  } catch (error) {
    if (reactionOf(error) === 'absent') return undefined;
    throw withNeed(error, `read on ${ref.mount}/${ref.path}`);
  }
}
