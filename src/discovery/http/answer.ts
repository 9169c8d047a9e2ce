import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Instance } from '../../model/instance.ts';
import { parsePlainJson } from '../json.ts';
import { RetryLater, throttledWaitMs } from '../poll.ts';
import { instancesFromTargets, targetGroups } from '../targets.ts';

/** BAD6: about a hundred thousand targets. */
const MAX_BYTES = 8 * 1024 * 1024;
/** What the labels of this source begin with. */
export const HTTP_PREFIX = 'http';
const SHAPE = targetGroups('refuse');

/** The instances that a 200 with JSON says; throws for everything else. */
export async function readAnswer(
  response: IncomingMessage,
  random: () => number,
): Promise<readonly Instance[]> {
  try {
    refuseStatus(response, random);
    refuseContent(response);
    return parseTargets(await readBody(response));
  } finally {
    response.destroy();
  }
}

function refuseStatus(
  { statusCode = 0, statusMessage = '', headers }: IncomingMessage,
  random: () => number,
): void {
  if (statusCode === 200) return;
  const message = `answers ${statusCode} ${statusMessage}`.trimEnd();
  const asked = retryAfterMs(headers['retry-after']);
  if (statusCode === 429) throw new RetryLater(message, Math.max(asked, throttledWaitMs(random)));
  if (asked > 0) throw new RetryLater(message, asked);
  throw new Error(message);
}

/** Seconds, or a date. */
function retryAfterMs(value: string | undefined): number {
  if (value === undefined) return 0;
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}

/** A login page is a 200 too. */
function refuseContent({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (!/^application\/json[ \t]*(?:;[ \t]*charset[ \t]*=[ \t]*"?utf-8"?[ \t]*)?$/i.test(type))
    throw new Error(`answers with the content type ${JSON.stringify(type)}: only application/json is read`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw new Error(`answers with content-encoding ${JSON.stringify(encoding)}, which was not asked for`);
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    total += bytes.length;
    if (total > MAX_BYTES) throw new Error(`answers with more than ${MAX_BYTES / 1024 / 1024} MiB`);
    chunks.push(bytes);
  }
  if (!response.complete) throw new Error('the answer broke off');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks, total));
  } catch (cause) {
    throw new Error('answers with bytes that are not UTF-8', { cause });
  }
}

function parseTargets(text: string): readonly Instance[] {
  const json = parsePlainJson(text);
  if (json === undefined)
    throw new Error('answers with something that is not JSON, or that names a key twice');
  const parsed = SHAPE.safeParse(json.value);
  if (parsed.success) return instancesFromTargets(parsed.data, HTTP_PREFIX);
  const [first, ...others] = parsed.error.issues;
  const place = first === undefined || first.path.length === 0 ? '' : `${z.core.toDotPath(first.path)}: `;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new Error(`${place}${first?.message}${more}`);
}
