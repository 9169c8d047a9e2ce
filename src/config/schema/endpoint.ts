import { isIP } from 'node:net';
import { z } from 'zod';
import { type Endpoint, NO_LOCALITY } from '../../model/instance.ts';
import { hostname, labelValue, port } from '../scalars.ts';
import { priority, weight } from './from.ts';

/** One entry of `endpoints` as written: what `metadata` chooses of its labels comes with the service. */
export interface WrittenEndpoint {
  readonly endpoint: Endpoint;
  /** A host name, which somebody has to resolve, in place of an IP address. */
  readonly isName: boolean;
  /** More than address and port is said of it. */
  readonly isLong: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

type AddressPort = { readonly address: string; readonly port: number; readonly isName: boolean };

const EXPECTED =
  'expected an IP address or a host name, and a port, such as "127.0.0.1:9000", "[::1]:9000" or "api.example.com:443"';

function splitAddress(text: string): AddressPort | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  const number = port.safeParse(Number(match?.[3])).data;
  if (number === undefined) return undefined;
  const [, bracketed, plain = ''] = match ?? [];
  if (bracketed !== undefined)
    return isIP(bracketed) === 6 ? { address: bracketed, port: number, isName: false } : undefined;
  if (isIP(plain) === 4) return { address: plain, port: number, isName: false };
  return isHostName(plain) ? { address: plain, port: number, isName: true } : undefined;
}

/** `1.2.3` is an address with a part missing, not a name. */
function isHostName(text: string): boolean {
  return hostname.safeParse(text).success && !text.startsWith('*') && !/(^|\.)[0-9]+$/.test(text);
}

const addressPort = z
  .string()
  .describe('Address and port: "127.0.0.1:9000", "[::1]:9000", or a name that `resolve` is for.')
  .transform((text, context) => {
    const split = splitAddress(text);
    if (split !== undefined) return split;
    context.addIssue({ code: 'custom', message: EXPECTED });
    return z.NEVER;
  });

const longEndpoint = z
  .strictObject({
    address: addressPort,
    weight: weight.optional().describe('Share of the traffic, 1 to 128. Default: equal shares.'),
    priority: priority.default(0),
    region: z.string().default('').describe('Region of the endpoint.'),
    zone: z.string().default('').describe('Zone of the endpoint.'),
    subZone: z.string().default('').describe('Part of the zone.'),
    health: z
      .enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING'])
      .default('HEALTHY')
      .describe('Health as Envoy names it. Default HEALTHY.'),
    labels: z
      .record(z.string(), labelValue)
      .default({})
      .describe("Labels of the endpoint, for the service's `metadata`."),
  })
  .transform(
    ({ address: { isName, ...address }, region, zone, subZone, labels, ...rest }): WrittenEndpoint => ({
      endpoint: { ...address, locality: { region, zone, subZone }, ...rest },
      isName,
      isLong: true,
      labels,
    }),
  );

const shortEndpoint = addressPort.transform(
  ({ isName, ...address }): WrittenEndpoint => ({
    endpoint: { ...address, locality: NO_LOCALITY, health: 'HEALTHY', priority: 0 },
    isName,
    isLong: false,
    labels: {},
  }),
);

export const endpoints = z.array(z.union([shortEndpoint, longEndpoint])).superRefine((list, context) => {
  const seen = new Set<string>();
  for (const [index, { endpoint }] of list.entries()) {
    const key = `${endpoint.address} ${endpoint.port}`;
    if (seen.has(key))
      context.addIssue({ code: 'custom', path: [index], message: 'this endpoint is listed twice' });
    seen.add(key);
  }
});
