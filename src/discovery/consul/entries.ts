import { z } from 'zod';

/** What is used of Consul's answers; everything else may come and go. Go writes empty maps and lists as null. */

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});

const locality = z.object({ Region: z.string().default(''), Zone: z.string().default('') }).nullish();

/** One of `/v1/health/service/:name`. */
export const healthEntry = z.object({
  Node: z.object({
    Node: z.string(),
    Address: z.string().default(''),
    Datacenter: z.string().default(''),
    Meta: texts,
    Locality: locality,
  }),
  Service: z.object({
    ID: z.string(),
    Service: z.string(),
    Address: z.string().default(''),
    Port: z.number().default(0),
    Tags: z
      .array(z.string())
      .nullish()
      .transform((tags) => tags ?? []),
    Meta: texts,
    Weights: z.object({ Passing: z.number(), Warning: z.number() }).nullish(),
    Namespace: z.string().optional(),
    Partition: z.string().optional(),
    Locality: locality,
  }),
  Checks: z
    .array(z.object({ CheckID: z.string(), Status: z.string() }))
    .nullish()
    .transform((checks) => checks ?? []),
});

export const healthEntries = z.array(healthEntry);
export type HealthEntry = z.infer<typeof healthEntry>;

/** `/v1/catalog/services`: tags by service. */
export const catalogServices = z.record(
  z.string(),
  z
    .array(z.string())
    .nullish()
    .transform((tags) => tags ?? []),
);

/** `/v1/health/state/any`. */
export const stateChecks = z.array(
  z.object({
    Node: z.string(),
    CheckID: z.string(),
    Status: z.string(),
    ServiceID: z.string().default(''),
    ServiceName: z.string().default(''),
  }),
);
export type StateCheck = z.infer<typeof stateChecks>[number];
