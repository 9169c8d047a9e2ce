import type { z } from 'zod';
import type { SecretKind } from '../model/config.ts';
import type { HttpRoute, HttpRule } from '../model/route.ts';
import type { RefFault } from '../secrets/store.ts';

/** What the registries contribute to the language. `secretStores` must hold `file`, the built-in store. */
export interface Vocabulary {
  /** Kind of source -> schema of its options. */
  readonly sources: ReadonlyMap<string, { readonly schema: z.ZodType }>;
  /** Kind of store -> schema of its options, and of a reference for each kind of secret it can hold; what speaks against both together. */
  readonly secretStores: ReadonlyMap<
    string,
    {
      readonly schema: z.ZodType;
      readonly refs: Readonly<Partial<Record<SecretKind, z.ZodType>>>;
      refFault?(ref: unknown, options: unknown): RefFault | undefined;
    }
  >;
  /** Name of a filter -> schema of its config. */
  readonly filters: ReadonlyMap<string, { readonly schema: z.ZodType }>;
}

/** Filters that answer by themselves, so that a rule with one needs no backends. */
const ANSWERING_FILTERS: ReadonlySet<string> = new Set(['requestRedirect', 'directResponse']);

/** Names of the filters that answer in a rule, its route's own included. */
export function answersOf(
  route: Pick<HttpRoute, 'filters'>,
  rule: Pick<HttpRule, 'filters'>,
): readonly string[] {
  const names = [...route.filters, ...rule.filters].map((filter) => filter.name);
  return [...ANSWERING_FILTERS.intersection(new Set(names))];
}
