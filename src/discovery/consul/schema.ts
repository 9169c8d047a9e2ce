import { z } from 'zod';
import { durationMs } from '../../duration.ts';

const name = z.string().min(1).max(256);

const address = z.string().superRefine((text, context) => {
  const message = addressFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

const token = z
  .strictObject({
    secret: name.optional().describe('A name in `secrets`, of kind value'),
    file: name.optional().describe('A file that is read for each request'),
  })
  .refine(
    (one) => (one.secret === undefined) !== (one.file === undefined),
    'write exactly one of secret and file',
  );

const tls = z
  .strictObject({
    ca: name.optional().describe("PEM file of the authorities trusted instead of the system's"),
    certificate: name.optional().describe('PEM file of our own certificate, where Consul asks for one'),
    privateKey: name.optional().describe('PEM file of its key'),
    serverName: name.optional().describe('The name that must stand in the certificate: `server.dc1.consul`'),
  })
  .refine(
    (one) => (one.certificate === undefined) === (one.privateKey === undefined),
    'certificate and privateKey come together',
  );

const expression = z.string().min(1).max(4096);

/** `sources.*.consul`. */
export const consulOptions = z
  .strictObject({
    address: address.describe('https://host:8501 or http://host:8500; https is advised from 150 services on'),
    datacenter: name.optional().describe("Asked instead of the agent's own"),
    namespace: name.optional().describe('Of an Enterprise Consul'),
    partition: name.optional().describe('Of an Enterprise Consul'),
    token: token.optional().describe('The ACL token, sent as a header'),
    tls: tls.optional().describe('How Consul is recognised over https; it is always verified'),
    services: z.array(name).min(1).optional().describe('Only these; default: those that the config names'),
    tags: z.array(name).min(1).optional().describe('Only instances that have all of these tags'),
    filter: expression.optional().describe("Only services that fit: Consul's filter over the catalog"),
    healthFilter: expression.optional().describe("Only instances that fit: Consul's filter over health"),
    nodeMeta: z.record(name, z.string()).optional().describe('Only nodes with this metadata'),
    wait: durationMs
      .refine((ms) => ms >= 1000 && ms <= 600_000, 'from 1s to 10m')
      .prefault('5m')
      .describe('How long Consul may hold an answer back that has nothing new; default 5m'),
    maxStale: durationMs
      .prefault('10s')
      .describe('How far behind its leader a server may be that answers; default 10s'),
    warning: z
      .enum(['degraded', 'healthy', 'unhealthy'])
      .default('degraded')
      .describe('What a warning is to Envoy. Default degraded'),
    critical: z
      .enum(['unhealthy', 'draining'])
      .default('unhealthy')
      .describe('What critical is to Envoy. Default unhealthy'),
    maintenance: z
      .enum(['draining', 'unhealthy'])
      .default('draining')
      .describe('What maintenance is to Envoy. Default draining'),
  })
  .superRefine((options, context) => {
    if (options.tls !== undefined && options.address.startsWith('http:'))
      context.addIssue({
        code: 'custom',
        path: ['tls'],
        message: 'means nothing over http: write an https address',
      });
  });

export type ConsulOptions = z.infer<typeof consulOptions>;

function addressFault(text: string): string | undefined {
  if (!text.includes('://')) return `not a URL: write https://${text}`;
  if (!URL.canParse(text)) return 'not a URL: write https://host:8501';
  const { protocol, username, password, pathname, search, hash } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return `${protocol} is not http or https`;
  if (username !== '' || password !== '') return 'no user or password in the URL: use token';
  if (search !== '' || hash !== '' || (pathname !== '/' && pathname !== ''))
    return 'only scheme, host and port: the paths are known';
  return undefined;
}
