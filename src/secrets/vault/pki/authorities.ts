import { z } from 'zod';
import { SecretBytes } from '../../../secret-bytes.ts';
import type { SecretVersion, UnchangedSecret } from '../../store.ts';
import { contentVersion } from '../content-version.ts';
import { reactionOf, VaultFault } from '../fault.ts';
import { parseAnswer } from '../kv-answers.ts';
import type { Reading, SharedRead } from '../kv2.ts';
import { encodePath } from '../names.ts';
import type { PkiCaRef } from '../refs.ts';
import { crlWarnings } from './crl-life.ts';

export interface AuthoritiesOptions {
  readonly read: SharedRead;
  readonly intervalMs: number;
  readonly hmacKey: SecretBytes;
  readonly now: () => number;
}

/**
 * `<mount>/cert/<what>` says the same as `<mount>/ca_chain` and its like, in JSON: a web page with
 * status 200 is no certificate then.
 */
const certAnswer = z.object({ data: z.object({ certificate: z.string().nullish() }) });

/** The authorities of a PKI mount, and what they revoked if asked for. */
export async function readAuthorities(
  { ref, known, signal }: Reading<PkiCaRef>,
  { read, intervalMs, hmacKey, now }: AuthoritiesOptions,
): Promise<SecretVersion | UnchangedSecret> {
  const { mount, crl } = ref;
  const get = (what: string) => readPublic(read, { mount, what }, signal);
  const certificates = (await get('ca_chain')) ?? (await get('ca'));
  if (certificates === undefined)
    throw new VaultFault('refused', `${mount} has no CA: make or import one there`);
  const revoked = crl ? await get('crl') : undefined;
  if (crl && revoked === undefined) throw new VaultFault('refused', `${mount} has no revocation list`);
  const parts = { certificates, ...(revoked === undefined ? {} : { crl: revoked }) };
  const version = contentVersion(parts, hmacKey);
  const warnings = revoked === undefined ? [] : crlWarnings(mount, revoked.reveal(), now());
  const unchanged = { version, checkAgainMs: intervalMs, ...(warnings.length === 0 ? {} : { warnings }) };
  return version === known ? unchanged : { ...unchanged, parts };
}

/** Undefined: an empty one, as old versions of Vault have it of a root's chain. */
async function readPublic(
  read: SharedRead,
  { mount, what }: { readonly mount: string; readonly what: string },
  signal: AbortSignal,
): Promise<SecretBytes | undefined> {
  const asked = `${mount}/cert/${what}`;
  try {
    const answer = await read(`${encodePath(mount)}/cert/${what}`, signal);
    const text = parseAnswer(certAnswer, answer, asked).data.certificate ?? '';
    return text.trim() === '' ? undefined : SecretBytes.fromUtf8(text);
  } catch (error) {
    if (reactionOf(error) === 'absent') return undefined;
    throw error;
  }
}
