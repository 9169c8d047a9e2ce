import { StrangeAnswer } from './fault.ts';
import { XmlReader } from './xml.ts';

/** Answers that are read as a whole have ids in them, at most a thousand. */
const MOST_BYTES = 64 * 1024 * 1024;

type Body = AsyncIterable<Uint8Array>;

/** The body of an answer with status 200; the SDK makes errors of all others. */
export function okBody(response: unknown): Body | undefined {
  if (typeof response !== 'object' || response === null || !('statusCode' in response)) return undefined;
  if (response.statusCode !== 200 || !('body' in response)) return undefined;
  return isBody(response.body) ? response.body : undefined;
}

/** All bytes, or a throw: a 200 that is not the whole answer to `action` is none. */
export async function wholeBody(body: Body, action: string): Promise<Uint8Array> {
  const reader = new XmlReader(`${action}Response`, {});
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new StrangeAnswer(`an answer to ${action} of more than ${MOST_BYTES} bytes`);
    // The tags alone are looked at: they are the same in every encoding that has ASCII in it.
    reader.write(Buffer.from(chunk).toString('latin1'));
    chunks.push(chunk);
  }
  reader.end();
  return Buffer.concat(chunks);
}

function isBody(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
