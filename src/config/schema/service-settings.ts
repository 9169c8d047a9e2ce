import { z } from 'zod';
import type { Failover, LoadBalancing, LocalityWeight, Service } from '../../model/config.ts';
import { duration, oneKey } from '../scalars.ts';
import { metadataKey, subsets } from './subsets.ts';

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

const places = z
  .array(z.string().min(1))
  .min(1)
  .max(64)
  .refine((list) => new Set(list).size === list.length, 'one is listed twice');

const failover = z
  .strictObject({
    zones: places.optional().describe('Zones, the one to use first at first.'),
    regions: places.optional().describe('Regions, the one to use first at first.'),
  })
  .refine(
    ({ zones, regions }) => (zones === undefined) !== (regions === undefined),
    'expected exactly one key, zones or regions',
  )
  .meta({ minProperties: 1, maxProperties: 1 })
  .transform(
    ({ zones, regions }): Failover =>
      zones === undefined ? { by: 'region', order: regions ?? [] } : { by: 'zone', order: zones },
  );

const localityWeight = z
  .strictObject({
    region: z.string().optional().describe('Region. Default any.'),
    zone: z.string().optional().describe('Zone. Default any.'),
    subZone: z.string().optional().describe('Part of the zone. Default any.'),
    weight: z
      .int()
      .min(1)
      .max(1_000_000)
      .describe('Share of the locality, beside the others of its priority.'),
  })
  .refine(
    ({ region, zone, subZone }) => (region ?? zone ?? subZone) !== undefined,
    'expected a region, a zone or a subZone that it is for',
  )
  .transform(
    ({ weight, region, zone, subZone }): LocalityWeight => ({
      weight,
      ...(region === undefined ? {} : { region }),
      ...(zone === undefined ? {} : { zone }),
      ...(subZone === undefined ? {} : { subZone }),
    }),
  );

const labels = z.union([
  z
    .string()
    .min(1)
    .transform((label) => [label]),
  z.array(z.string().min(1)).min(1),
]);

const metadata = z
  .record(metadataKey, labels)
  .transform(
    (value): NonNullable<Service['metadata']> =>
      new Map(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))),
  );

/** What a service and a service template say alike. */
export const SETTINGS = {
  loadBalancing: loadBalancing.optional().describe('Default { roundRobin: {} }.'),
  connectTimeout: duration.default(5000).describe('Longest wait for a TCP connection. Default 5s.'),
  protocol: z.enum(['http1', 'http2']).default('http1').describe('What the upstream speaks. Default http1.'),
  failover: failover
    .optional()
    .describe('Endpoints in the first zone or region listed are used first, then the next; all others last.'),
  localityWeights: z
    .array(localityWeight)
    .min(1)
    .optional()
    .describe(
      'Shares of localities; the first that fits counts, and 1 where none does. Default: endpoints share by their own weights.',
    ),
  metadata: metadata
    .optional()
    .describe('Metadata key to a label, or a list of labels of which the first that is there counts.'),
  subsets: subsets.optional().describe('Endpoints divided by their metadata, for `subset` of a backend.'),
};

const settings = z.strictObject(SETTINGS);
type Settings = z.output<typeof settings>;

export function settingsOf(value: Settings) {
  const { failover, localityWeights, metadata, subsets } = value;
  return {
    loadBalancing: value.loadBalancing ?? ({ policy: 'roundRobin' } as const),
    connectTimeoutMs: value.connectTimeout,
    protocol: value.protocol,
    ...(failover === undefined ? {} : { failover }),
    ...(localityWeights === undefined ? {} : { localityWeights }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(subsets === undefined ? {} : { subsets }),
  };
}
