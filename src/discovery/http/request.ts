import { lookup } from 'node:dns';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { destinationFault } from './schema.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM; undefined: the system's authorities. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * One GET. Redirects are followed within the origin alone, so neither the header with the secret nor
 * the request itself goes to a host that the other side chose (BAD9). Whoever gets the response reads
 * or destroys it; each request has its own connection, which ends with it.
 */
export async function get(start: URL, options: GetOptions): Promise<IncomingMessage> {
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await send(url, options);
    if (!REDIRECTS.has(response.statusCode ?? 0)) return response;
    response.destroy();
    url = nextUrl(url, response.headers.location);
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

function nextUrl(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href))
    throw new Error('a redirect without a place');
  const to = new URL(location, from);
  if (to.origin !== from.origin)
    throw new Error(`redirects to another place (${to.origin}), which is not followed: write that as url`);
  return to;
}

async function send(url: URL, { headers, ca, signal }: GetOptions): Promise<IncomingMessage> {
  const fault = destinationFault(url.hostname);
  if (fault !== undefined) throw new Error(fault);
  const options = {
    headers,
    signal,
    agent: false,
    lookup: guardedLookup,
    ...(ca === undefined ? {} : { ca }),
  };
  return new Promise((resolve, reject) => {
    // The listener stays: what fails after the headers shows in the response, and is not unhandled here.
    const request =
      url.protocol === 'https:' ? requestHttps(url, options, resolve) : requestHttp(url, options, resolve);
    request.on('error', (error) => reject(readable(error)));
    request.end();
  });
}

/** Both families failed: Node's error has no text of its own then. */
function readable(error: Error): Error {
  if (error.message !== '' || !(error instanceof AggregateError)) return error;
  const texts = error.errors.map((one) => (one instanceof Error ? one.message : String(one)));
  return new Error(texts.join(', '), { cause: error });
}

/** Judges what the name resolves to at the moment of connecting, so that a second answer changes nothing (BAD9). */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '');
    for (const { address } of addresses) {
      const fault = destinationFault(address);
      if (fault !== undefined) return callback(new Error(`${hostname}: ${fault}`), '');
    }
    const [first] = addresses;
    if (first === undefined) return callback(new Error(`${hostname} has no address`), '');
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};
