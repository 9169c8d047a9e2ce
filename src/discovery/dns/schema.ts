import { isIP } from 'node:net';
import { z } from 'zod';
import { durationMs } from '../../duration.ts';
import { isHostname } from '../address.ts';
import { nameservers } from '../resolve.ts';
import { splitTarget } from '../targets.ts';

/** One entry of `names`. */
export interface DnsName {
  /** As the user wrote it: the scope. */
  readonly written: string;
  /** Without the port. */
  readonly host: string;
  readonly port: number | undefined;
}

export function parseName(written: string): DnsName {
  const { host, port } = splitTarget(written);
  return { written, host, port };
}

const name = z.string().superRefine((text, context) => {
  const message = nameFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

/** `sources.*.dns`. */
export const dnsSourceOptions = z
  .strictObject({
    names: z
      .array(name)
      .min(1)
      .max(256)
      .describe('Names that are resolved, each with its port or without: db.internal:5432'),
    type: z
      .enum(['A', 'AAAA', 'A+AAAA', 'SRV'])
      .default('A+AAAA')
      .describe('The records that are asked for; SRV brings ports and weights. Default A+AAAA'),
    port: z
      .int()
      .min(1, 'ports are 1-65535')
      .max(65_535, 'ports are 1-65535')
      .optional()
      .describe('Of names that are written without one'),
    nameservers: nameservers.optional().describe('DNS servers to ask; default those of the system'),
    refresh: durationMs
      .refine((ms) => ms >= 5000, 'at least 5s')
      .prefault('30s')
      .describe('Asked this often, earlier (from 5s) where the records live shorter; default 30s'),
    timeout: durationMs
      .refine((ms) => ms >= 100, 'at least 100ms')
      .prefault('2s')
      .describe('How long one server is waited for, twice; default 2s'),
  })
  .superRefine(({ names, type, port }, context) => {
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (type === 'SRV' && port !== undefined) fault(['port'], 'SRV records bring the port: leave it out');
    const seen = new Set<string>();
    for (const [n, written] of names.entries()) {
      if (seen.has(written)) fault(['names', n], `"${written}" is there already`);
      seen.add(written);
      if (type === 'SRV' && parseName(written).port !== undefined)
        fault(['names', n], 'SRV records bring the port: leave it out');
    }
  });

export type DnsSourceOptions = z.infer<typeof dnsSourceOptions>;

function nameFault(text: string): string | undefined {
  const { host, port } = splitTarget(text);
  if (isIP(host) !== 0 || isIP(text) !== 0)
    return `"${text}" is an address: write it into the service's endpoints, or into a file`;
  if (!isHostname(host)) return `"${text}" is not a hostname, or hostname:port`;
  if (port !== undefined && (port < 1 || port > 65_535))
    return `port ${port} of "${text}": ports are 1-65535`;
  return undefined;
}
