import type { IncomingHttpHeaders } from 'node:http';
import { failed } from './fault.ts';
import type { Seat } from './seats.ts';

/** One HTTP answer, its body whole. */
export interface RawAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: Buffer;
}

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts the request, also while it is queued. */
  readonly signal: AbortSignal;
}

/** How questions reach one Consul; shared by all that ask it, as its connections are counted (SRC7). */
export interface Transport {
  get(path: string, options: GetOptions): Promise<RawAnswer>;
  /** Each user says when it comes and goes; the last one closes every connection. */
  join(): Seat;
}

/** A list of 10,000 services has some megabytes. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

export async function wholeBody(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw failed(`the answer has more than ${MAX_BODY_BYTES / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
