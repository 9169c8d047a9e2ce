import { z } from 'zod';
import { name } from '../scalars.ts';
import { SELECTION, selectionOf } from './from.ts';
import { SETTINGS, settingsOf } from './service-settings.ts';
import { checkSubsets } from './subsets.ts';

/** Where the source's own name of a service stands in the name of ours. */
const PART = '{service}';
const PATTERN = /^[A-Za-z0-9]?[A-Za-z0-9._-]*\{service\}[A-Za-z0-9._-]*$/;

export const serviceTemplateSchema = z
  .strictObject({
    source: name.describe('A name in `sources`.'),
    name: z
      .string()
      .max(128)
      .regex(PATTERN, 'expected a name with "{service}" in it exactly once, such as "consul-{service}"')
      .describe("Name of each service, with `{service}` for the source's own name of it."),
    ...SELECTION,
    ...SETTINGS,
  })
  .transform((value) => {
    const at = value.name.indexOf(PART);
    return {
      source: value.source,
      pattern: value.name,
      before: value.name.slice(0, at),
      after: value.name.slice(at + PART.length),
      selection: selectionOf(value),
      settings: settingsOf(value),
    };
  })
  .superRefine(({ settings }, context) => checkSubsets(settings, context));

export type ServiceTemplate = z.output<typeof serviceTemplateSchema>;

/** The source's own name of the service that a template calls `reference`; undefined: it does not fit. */
export function partOf(
  { before, after }: Pick<ServiceTemplate, 'before' | 'after'>,
  reference: string,
): string | undefined {
  const length = reference.length - before.length - after.length;
  if (length < 1 || !reference.startsWith(before) || !reference.endsWith(after)) return undefined;
  return reference.slice(before.length, before.length + length);
}
