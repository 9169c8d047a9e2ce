import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isIP } from 'node:net';
import { z } from 'zod';
import { durationMs } from '../../duration.ts';
import { addressRefusal } from '../admit.ts';

/** What Node or muster sets itself, and what would carry a secret that belongs into `authorization`. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect'],
  ...['accept', 'accept-encoding', 'if-none-match', 'if-modified-since', 'range'],
]);
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'proxy-authorization', 'cookie']);

const url = z.string().superRefine((text, context) => {
  const message = urlFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const headers = z.record(z.string(), z.string()).superRefine((all, context) => {
  for (const [name, value] of Object.entries(all)) {
    const message = headerFault(name, value);
    if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message });
  }
});

const authorization = z
  .strictObject({
    scheme: z
      .enum(['Bearer', 'Basic'])
      .default('Bearer')
      .describe('Bearer: the secret is the token. Basic: it is user:password. Default Bearer'),
    secret: z.string().min(1).optional().describe('A name in `secrets`, of kind value'),
    file: z.string().min(1).optional().describe('A file that is read for each request'),
  })
  .refine(
    (one) => (one.secret === undefined) !== (one.file === undefined),
    'write exactly one of secret and file',
  );

/** `sources.*.http`. */
export const httpSourceOptions = z
  .strictObject({
    url: url.describe("Where Prometheus' HTTP SD JSON is served; http or https"),
    refresh: durationMs
      .refine((ms) => ms >= 1000, 'at least 1s')
      .prefault('60s')
      .describe('Asked this often; default 60s'),
    timeout: durationMs
      .refine((ms) => ms >= 100, 'at least 100ms')
      .prefault('10s')
      .describe('One answer may take this long; default 10s'),
    headers: headers.default({}).describe('Sent along; never secrets, which belong into authorization'),
    authorization: authorization.optional().describe('The Authorization header; only over https or loopback'),
    tls: z
      .strictObject({
        ca: z.string().min(1).describe("PEM file of the authorities trusted instead of the system's"),
      })
      .optional()
      .describe('How the server is recognised, over https'),
  })
  .superRefine((options, context) => {
    if (options.authorization !== undefined && !mayCarrySecrets(options.url))
      context.addIssue({
        code: 'custom',
        path: ['authorization'],
        message: 'a secret must not travel over plain http: write an https URL',
      });
  });

export type HttpSourceOptions = z.infer<typeof httpSourceOptions>;

function mayCarrySecrets(text: string): boolean {
  if (!URL.canParse(text)) return true; // The URL itself is the problem, and told.
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || hostname === 'localhost' || /^(127\.|\[::1\]$)/.test(hostname);
}

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'not a URL: write https://host:port/path';
  const { protocol, username, password, hash, hostname } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return `${protocol} is not http or https`;
  if (username !== '' || password !== '') return 'no user or password in the URL: use authorization';
  if (hash !== '') return 'a fragment (#) is never sent: leave it out';
  return destinationFault(hostname);
}

/** Why this must not be asked, where the host is an address; a name is judged by what it resolves to. */
export function destinationFault(hostname: string): string | undefined {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? undefined : addressRefusal(host, new Set(['loopback', 'linkLocal']));
}

function headerFault(name: string, value: string): string | undefined {
  const lower = name.toLowerCase();
  if (SECRET_HEADERS.has(lower)) return 'secrets are never written in the config: use authorization';
  if (OWN_HEADERS.has(lower)) return 'muster sets this header itself';
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
