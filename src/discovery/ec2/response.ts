import { StrangeAnswer } from './fault.ts';

/** A page of a thousand instances has about 6 MB; more than this is nobody's page. */
const MOST_BYTES = 64 * 1024 * 1024;

interface HttpAnswer {
  readonly statusCode: number;
  readonly body?: unknown;
}

/** The answer with its body read in full, or a throw: a 200 that is not the whole answer to `action`. */
export async function checkedBody(response: unknown, action: string): Promise<unknown> {
  if (!isHttpAnswer(response) || response.statusCode !== 200 || !isBytes(response.body)) return response;
  const body = await collect(response.body);
  const head = body.subarray(0, 1024).toString('latin1');
  const tail = body.subarray(-256).toString('latin1').trimEnd();
  if (!new RegExp(`<${action}Response[\\s>]`).test(head)) throw strange(body, head, action);
  if (!tail.endsWith(`</${action}Response>`))
    throw new StrangeAnswer(`the answer to ${action} ends in the middle, after ${body.length} bytes`);
  // The SDK's own classes read and mark the answer: it stays the same object.
  return Object.assign(response, { body });
}

function strange(body: Buffer, head: string, action: string): StrangeAnswer {
  if (body.length === 0) return new StrangeAnswer(`the answer to ${action} is empty`);
  const what = /<html|<!doctype html/i.test(head) ? 'is a page of HTML' : 'is not the one of EC2';
  return new StrangeAnswer(`the answer to ${action} ${what}: is there a proxy or a login page in between?`);
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new StrangeAnswer(`an answer of more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isHttpAnswer(value: unknown): value is HttpAnswer {
  return typeof value === 'object' && value !== null && 'statusCode' in value;
}

function isBytes(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
