import { z } from 'zod';
import type { LabelCondition, PortChoice, ServiceFrom, WeightChoice } from '../../model/config.ts';
import { labelValue, name, port, regex } from '../scalars.ts';

export const priority = z
  .int()
  .min(0)
  .max(127)
  .describe('Lower is used first; 0 to 127, without gaps. Default 0.');

export const weight = z.int().min(1).max(128);

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

const weightChoice = z.union([
  weight.transform((constant): WeightChoice => ({ kind: 'constant', weight: constant })),
  z
    .strictObject({
      label: z.string().min(1).describe('Label that holds the weight, 1 to 128.'),
      default: weight
        .optional()
        .describe("Weight where the label holds none. Default: the source's own weight."),
    })
    .transform((value): WeightChoice => ({ kind: 'label', label: value.label, fallback: value.default })),
]);

/** What `from` and a service template say alike of the instances they select. */
export const SELECTION = {
  where: z.record(z.string(), condition).default({}).describe('Label to condition; all must hold.'),
  port: portChoice
    .optional()
    .describe("A port, { name } or { label, default }. Default: the instance's only port."),
  weight: weightChoice
    .optional()
    .describe("Share of the traffic, 1 to 128, or { label, default }. Default: the source's own weight."),
  region: z.string().optional().describe('Region, in place of what the source says.'),
  zone: z.string().optional().describe('Zone, in place of what the source says.'),
  subZone: z.string().optional().describe('Part of the zone, in place of what the source says.'),
};

interface Written {
  readonly where: Readonly<Record<string, LabelCondition>>;
  readonly port?: PortChoice | undefined;
  readonly weight?: WeightChoice | undefined;
  readonly region?: string | undefined;
  readonly zone?: string | undefined;
  readonly subZone?: string | undefined;
}

export function selectionOf({ where, port, weight: share, region, zone, subZone }: Written) {
  const isMoved = region !== undefined || zone !== undefined || subZone !== undefined;
  return {
    where: new Map(Object.entries(where)),
    port: port ?? ({ kind: 'default' } as const),
    ...(share === undefined ? {} : { weight: share }),
    ...(isMoved ? { locality: locality(region, zone, subZone) } : {}),
  };
}

function locality(region: string | undefined, zone: string | undefined, subZone: string | undefined) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(zone === undefined ? {} : { zone }),
    ...(subZone === undefined ? {} : { subZone }),
  };
}

export const from = z
  .strictObject({
    source: name.describe('A name in `sources`.'),
    service: z.string().min(1).optional().describe("The source's own name of the service."),
    ...SELECTION,
    priority: priority.default(0),
  })
  .transform(
    (value): ServiceFrom => ({
      source: value.source,
      service: value.service,
      ...selectionOf(value),
      priority: value.priority,
    }),
  );
