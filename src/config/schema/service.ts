import { isIP } from 'node:net';
import { z } from 'zod';
import type { LabelCondition, LoadBalancing, PortChoice, ServiceFrom } from '../../model/config.ts';
import type { Endpoint } from '../../model/instance.ts';
import { duration, labelValue, name, oneKey, port, regex } from '../scalars.ts';

const priority = z.int().min(0).max(127).describe('Lower is used first; 0 to 127, without gaps. Default 0.');

function splitAddress(text: string): { address: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  const family = match?.[1] === undefined ? 4 : 6;
  const number = Number(match?.[3]);
  return isIP(address) === family && number >= 1 && number <= 65535 ? { address, port: number } : undefined;
}

const addressPort = z
  .string()
  .describe('IP and port: "127.0.0.1:9000" or "[::1]:9000".')
  .transform((text, context) => {
    const split = splitAddress(text);
    if (split !== undefined) return split;
    context.addIssue({
      code: 'custom',
      message:
        'expected an IP address and a port, such as "127.0.0.1:9000" or "[::1]:9000" (names are not resolved)',
    });
    return z.NEVER;
  });

const longEndpoint = z
  .strictObject({
    address: addressPort,
    weight: z
      .int()
      .min(1)
      .max(128)
      .optional()
      .describe('Share of the traffic, 1 to 128. Default: equal shares.'),
    priority: priority.default(0),
    region: z.string().default('').describe('Region of the endpoint.'),
    zone: z.string().default('').describe('Zone of the endpoint.'),
    subZone: z.string().default('').describe('Part of the zone.'),
    health: z
      .enum(['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING'])
      .default('HEALTHY')
      .describe('Health as Envoy names it. Default HEALTHY.'),
  })
  .transform(
    ({ address, region, zone, subZone, ...rest }): Endpoint => ({
      ...address,
      locality: { region, zone, subZone },
      ...rest,
    }),
  );

const shortEndpoint = addressPort.transform(
  (address): Endpoint => ({
    ...address,
    locality: { region: '', zone: '', subZone: '' },
    health: 'HEALTHY',
    priority: 0,
  }),
);

const plainCondition = z.union([
  labelValue.transform((equals): LabelCondition => ({ equals })),
  z
    .array(labelValue)
    .min(1)
    .transform((oneOf): LabelCondition => ({ oneOf })),
]);

const existence = z.strictObject({
  exists: z.boolean().describe('true: the label is there; false: it is not.'),
});

const pattern = z.strictObject({
  matches: regex.describe('RE2 that the whole value must match.'),
});

const condition: z.ZodType<LabelCondition, unknown> = z.union([
  plainCondition,
  existence,
  pattern,
  z.strictObject({
    not: z.union([plainCondition, existence, pattern]).describe('The condition that must not hold.'),
  }),
]);

const portChoice = z.union([
  port.transform((constant): PortChoice => ({ kind: 'constant', port: constant })),
  z
    .strictObject({ name: z.string().min(1).describe('Name of the port at the source.') })
    .transform((value): PortChoice => ({ kind: 'named', name: value.name })),
  z
    .strictObject({
      label: z.string().min(1).describe('Label that holds the port.'),
      default: port.optional().describe('Port where the label is absent.'),
    })
    .transform((value): PortChoice => ({ kind: 'label', label: value.label, fallback: value.default })),
]);

const from = z
  .strictObject({
    source: name.describe('A name in `sources`.'),
    service: z.string().min(1).optional().describe("The source's own name of the service."),
    where: z.record(z.string(), condition).default({}).describe('Label to condition; all must hold.'),
    port: portChoice
      .optional()
      .describe("A port, { name } or { label, default }. Default: the instance's only port."),
    priority: priority.default(0),
  })
  .transform(
    (value): ServiceFrom => ({
      source: value.source,
      service: value.service,
      where: new Map(Object.entries(value.where)),
      port: value.port ?? { kind: 'default' },
      priority: value.priority,
    }),
  );

const loadBalancing = oneKey(
  {
    roundRobin: z.strictObject({}).describe('Each endpoint in turn.'),
    leastRequest: z
      .strictObject({
        choices: z.int().min(2).max(100).default(2).describe('Endpoints compared per request. Default 2.'),
      })
      .describe('The less busy of some endpoints.'),
  },
  'one policy',
).transform(({ kind, value }): LoadBalancing => {
  if (kind !== 'leastRequest') return { policy: 'roundRobin' };
  return { policy: 'leastRequest', choices: z.object({ choices: z.number() }).parse(value).choices };
});

export const serviceSchema = z
  .strictObject({
    endpoints: z
      .array(z.union([shortEndpoint, longEndpoint]))
      .optional()
      .describe('Endpoints written here: "IP:port" or objects.'),
    from: z.array(from).optional().describe('Endpoints taken from sources.'),
    loadBalancing: loadBalancing.optional().describe('Default { roundRobin: {} }.'),
    connectTimeout: duration.default(5000).describe('Longest wait for a TCP connection. Default 5s.'),
    protocol: z
      .enum(['http1', 'http2'])
      .default('http1')
      .describe('What the upstream speaks. Default http1.'),
  })
  .superRefine((value, context) => {
    if (value.endpoints === undefined && value.from === undefined) {
      context.addIssue({ code: 'custom', message: 'expected `endpoints`, `from` or both' });
    }
    const seen = new Set<string>();
    for (const [index, { address, port: number }] of (value.endpoints ?? []).entries()) {
      const key = `${address} ${number}`;
      if (seen.has(key))
        context.addIssue({
          code: 'custom',
          path: ['endpoints', index],
          message: 'this endpoint is listed twice',
        });
      seen.add(key);
    }
  })
  .transform((value) => ({
    from: value.from ?? [],
    endpoints: value.endpoints ?? [],
    loadBalancing: value.loadBalancing ?? ({ policy: 'roundRobin' } as const),
    connectTimeoutMs: value.connectTimeout,
    protocol: value.protocol,
  }));
