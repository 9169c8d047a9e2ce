import { z } from 'zod';
import { VaultFault, type VaultReaction } from './fault.ts';
import type { RawAnswer } from './transport.ts';

/** What each status means that is not success. `words` follow the name of what was asked. */
const MEANINGS: Readonly<Record<number, { readonly reaction: VaultReaction; readonly words: string }>> = {
  400: { reaction: 'refused', words: 'was refused' },
  403: { reaction: 'forbidden', words: 'is forbidden' },
  405: { reaction: 'refused', words: 'is nothing that can be done there' },
  412: { reaction: 'down', words: 'is not known to this node yet' },
  429: { reaction: 'throttled', words: 'was refused: too many requests' },
  472: {
    reaction: 'down',
    words: 'came to a standby of disaster recovery: write the address of the primary',
  },
  473: { reaction: 'down', words: 'came to a standby: write an address that leads to the active node' },
};

export const MAX_PAUSE_MS = 300_000;
const DEFAULT_PAUSE_MS = 1000;

const errorBody = z.object({ errors: z.array(z.string()) });

/** The JSON of an answer that succeeded; undefined where it has none (204). Throws `VaultFault`. */
export function readAnswer(raw: RawAnswer, asked: string, hide: readonly string[]): unknown {
  const body = parseJson(raw.body);
  if (raw.status === 204) return undefined;
  if (raw.status !== 200) throw faultOf(raw, body, asked, hide);
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body;
  throw new VaultFault(
    'broken',
    `${asked} was answered with ${looksLike(raw)}: is this the address of a Vault?`,
  );
}

function faultOf(raw: RawAnswer, body: unknown, asked: string, hide: readonly string[]): VaultFault {
  const said = errorBody.safeParse(body).data?.errors;
  const why = said === undefined || said.length === 0 ? '' : `: ${saidText(said, hide)}`;
  const { status } = raw;
  if (status === 404) return notFound(raw, body, asked, why);
  if (status === 503 && said?.some((one) => /sealed/i.test(one)) === true)
    return new VaultFault('down', `${asked}: Vault is sealed, somebody has to unseal it`);
  const known = MEANINGS[status];
  if (known !== undefined && (said !== undefined || status === 429 || status > 470))
    return new VaultFault(known.reaction, `${asked} ${known.words}${why}`, pauseOf(raw));
  if (status >= 500)
    return new VaultFault('down', `${asked} failed with status ${status}${why}`, pauseOf(raw));
  const form = said === undefined ? ` and ${looksLike(raw)}` : why;
  return new VaultFault('broken', `${asked} was answered with status ${status}${form}`);
}

/** Nothing is there only where Vault says so without any complaint, or tells when it was deleted. */
function notFound(raw: RawAnswer, body: unknown, asked: string, why: string): VaultFault {
  const empty = errorBody.safeParse(body).data?.errors.length === 0;
  if (empty || isDeletedVersion(body)) return new VaultFault('absent', `${asked}: there is nothing`);
  const form = why === '' ? ` and ${looksLike(raw)}: is this the address of a Vault?` : why;
  return new VaultFault('broken', `${asked} was answered with status 404${form}`);
}

const deletedVersion = z.object({
  data: z.object({
    data: z.null(),
    metadata: z.union([
      z.object({ deletion_time: z.string().min(1) }),
      z.object({ destroyed: z.literal(true) }),
    ]),
  }),
});

function isDeletedVersion(body: unknown): boolean {
  return deletedVersion.safeParse(body).success;
}

function pauseOf({ status, header }: RawAnswer): number | undefined {
  const written = header('retry-after');
  const seconds = written === undefined ? Number.NaN : Number(written);
  if (Number.isFinite(seconds) && seconds >= 0) return Math.min(seconds * 1000, MAX_PAUSE_MS);
  return status === 429 ? DEFAULT_PAUSE_MS : undefined;
}

/** The words of Vault on one line, without what was sent to it. */
function saidText(errors: readonly string[], hide: readonly string[]): string {
  let text = errors.join('; ');
  for (const secret of hide) if (secret.length >= 4) text = text.replaceAll(secret, '[redacted]');
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
}

/** The error of `JSON.parse` quotes what it could not read. */
function parseJson(body: Buffer): unknown {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return parsed;
  } catch {
    return undefined;
  }
}

function looksLike({ body, header }: RawAnswer): string {
  if (body.length === 0) return 'nothing';
  if (/html/i.test(header('content-type') ?? '') || /^\s*</.test(body.subarray(0, 64).toString('latin1')))
    return 'a web page';
  return 'something that is not JSON';
}
