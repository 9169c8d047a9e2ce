import { z } from 'zod';
import { quote } from '../nearest.ts';
import { hostname, ip, name, port } from '../scalars.ts';

const tlsVersion = z.union(
  [
    z.enum(['1.2', '1.3']),
    z.literal(1.2).transform(() => '1.2' as const),
    z.literal(1.3).transform(() => '1.3' as const),
  ],
  'expected "1.2" or "1.3"',
);

/** A name may have an RSA and an ECDSA certificate; a third, or one twice, is nothing a client could choose. */
const MAX_ALTERNATIVES = 2;

interface Repeated {
  readonly index: number;
  readonly message: string;
}

function repeatedCertificates(
  certificates: readonly { readonly secret: string; readonly hostnames: readonly string[] }[],
): readonly Repeated[] {
  const byName = new Map<string, Set<string>>();
  return certificates.flatMap(({ secret, hostnames }, index) =>
    (hostnames.length === 0 ? [DEFAULT] : hostnames).flatMap((served) => {
      const secrets = byName.get(served) ?? new Set();
      byName.set(served, secrets);
      if (secrets.has(secret)) return [{ index, message: `${quote(secret)} is listed twice for ${served}` }];
      if (secrets.add(secret).size <= MAX_ALTERNATIVES) return [];
      return [{ index, message: `${served} has more than two certificates (one RSA, one ECDSA)` }];
    }),
  );
}

const DEFAULT = 'every other name';

const tls = z
  .strictObject({
    certificates: z
      .array(
        z.strictObject({
          secret: name.describe('A name in `secrets`, of kind tls.'),
          hostnames: z
            .array(hostname)
            .default([])
            .describe('SNI names it serves; none: the default certificate.'),
        }),
      )
      .min(1, 'expected at least one certificate')
      .describe('Certificates, chosen by SNI. Two for one name are alternatives: one RSA, one ECDSA.'),
    sessionTicketKeys: z
      .strictObject({ secret: name.describe('A name in `secrets`, of kind sessionTicketKeys.') })
      .optional()
      .describe(
        'Keys of session tickets, one set for all proxies, so that a client may resume on any. Default: each proxy has its own.',
      ),
    minVersion: tlsVersion.default('1.2').describe('Lowest TLS version, "1.2" or "1.3". Default "1.2".'),
    maxVersion: tlsVersion.default('1.3').describe('Highest TLS version. Default "1.3".'),
    alpn: z
      .array(z.string().min(1).max(255))
      .default(['h2', 'http/1.1'])
      .describe('ALPN protocols. Default h2, http/1.1.'),
  })
  .superRefine((value, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (value.minVersion > value.maxVersion) issue(['minVersion'], 'is above maxVersion');
    for (const { index, message } of repeatedCertificates(value.certificates))
      issue(['certificates', index], message);
  });

const redirect = z.union([
  z.literal(true).transform(() => ({ port: 443, statusCode: 301 as const })),
  z.strictObject({
    port: port.default(443).describe('Port in the redirect. Default 443.'),
    statusCode: z
      .union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)])
      .default(301)
      .describe('301, 302, 307 or 308. Default 301.'),
  }),
]);

export const listenerSchema = z
  .strictObject({
    port: port.describe('TCP port, 1 to 65535.'),
    address: ip.default('0.0.0.0').describe('IP address to listen on. Default 0.0.0.0.'),
    protocol: z.enum(['HTTP', 'HTTPS']).default('HTTP').describe('HTTP or HTTPS. Default HTTP.'),
    tls: tls.optional().describe('Certificates and versions; exactly when the protocol is HTTPS.'),
    redirectToHttps: redirect.optional().describe('On HTTP: answer everything with a redirect to https.'),
  })
  .superRefine((value, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: path === '' ? [] : [path], message });
    if (value.protocol === 'HTTPS' && value.tls === undefined)
      issue('', 'an HTTPS listener needs `tls` with certificates');
    if (value.protocol === 'HTTP' && value.tls !== undefined)
      issue('tls', 'an HTTP listener has no `tls`; write protocol: HTTPS');
    if (value.protocol === 'HTTPS' && value.redirectToHttps !== undefined)
      issue('redirectToHttps', 'only an HTTP listener redirects to https');
  });
