import { z } from 'zod';
import { parseAddress } from './address.ts';
import { stateSchema } from './state.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;

const address = z
  .string()
  .refine(
    (text) => parseAddress(text) !== undefined,
    'expected an IP address and a port, such as "127.0.0.1:18000"',
  );
const file = z.string().min(1);

export const settingsSchema = z.strictObject({
  config: file.optional().describe('The config: a file or a directory.'),
  state: stateSchema.describe('Directory of the last good state; with a seal key also of secrets.'),
  xds: address.default('127.0.0.1:18000').describe('Address for Envoy. Default 127.0.0.1:18000.'),
  api: address.default('127.0.0.1:18080').describe('Address of the HTTP API. Default 127.0.0.1:18080.'),
  apiTokenFile: file.optional().describe('File with the bearer token of the API; needed beyond loopback.'),
  logLevel: z.enum(LOG_LEVELS).default('info').describe('Least level that is logged. Default info.'),
  nodeTls: z
    .strictObject({
      certificate: file.describe('PEM chain of the node port.'),
      privateKey: file.describe('PEM key of the node port.'),
      ca: file.describe('PEM of the CAs that sign node certificates.'),
    })
    .optional()
    .describe('mTLS of the node port.'),
  trustDomain: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/, 'expected a SPIFFE trust domain, such as "example.org"')
    .optional()
    .describe('SPIFFE trust domain of the nodes.'),
  nodeDenylist: file
    .optional()
    .describe('File with the identities, fingerprints and serials of nodes that may not connect.'),
  operators: z
    .array(
      z
        .string()
        .regex(/^[a-z][a-z0-9+.-]*:\S+$/, 'expected a URI, such as "spiffe://example.org/operator/alice"'),
    )
    .optional()
    .describe('Exact URI SANs of certificates that may read the client status (CSDS).'),
  auditFile: file
    .optional()
    .describe('File to append what was refused to, beside standard output. Only its owner may read it.'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe('Let plaintext in beyond loopback; it gets no secret. Default false.'),
});
