import { z } from 'zod';
import { endpoints, type WrittenEndpoint } from './endpoint.ts';
import { from } from './from.ts';
import { SETTINGS, settingsOf } from './service-settings.ts';
import { checkSubsets } from './subsets.ts';

type Issue = { code: 'custom'; path: (string | number)[]; message: string };

export const serviceSchema = z
  .strictObject({
    endpoints: endpoints.optional().describe('Endpoints written here: "address:port" or objects.'),
    resolve: z
      .enum(['envoy', 'muster'])
      .optional()
      .describe('Who resolves the names among `endpoints`: each proxy for itself, or muster for all.'),
    from: z.array(from).optional().describe('Endpoints taken from sources.'),
    ...SETTINGS,
  })
  .refine(
    (value) => value.endpoints !== undefined || value.from !== undefined,
    'expected `endpoints`, `from` or both',
  )
  .transform((value) => ({
    from: value.from ?? [],
    written: value.endpoints ?? [],
    resolve: value.resolve,
    ...settingsOf(value),
  }))
  // After the transform: what is checked together is all there, and of the type it says.
  .superRefine((value, context) => {
    for (const issue of resolveIssues(value)) context.addIssue(issue);
    checkSubsets(value, context);
  });

export type WrittenService = z.output<typeof serviceSchema>;

interface Resolved {
  readonly written: readonly WrittenEndpoint[];
  readonly resolve: 'envoy' | 'muster' | undefined;
  readonly from: readonly unknown[];
}

function resolveIssues({ written, resolve, from: taken }: Resolved): readonly Issue[] {
  const names = [...written.entries()].filter(([, { isName }]) => isName);
  const issue = (path: (string | number)[], message: string): Issue => ({ code: 'custom', path, message });
  if (resolve === undefined) return names.map(([index]) => issue(['endpoints', index], UNRESOLVED));
  if (names.length === 0) return [issue(['resolve'], 'there is no name among `endpoints` to resolve')];
  if (resolve === 'envoy' && taken.length > 0)
    return [
      issue(
        ['from'],
        'cannot stand beside names that Envoy resolves: write `resolve: muster`, or make two services',
      ),
    ];
  if (resolve === 'envoy') return [];
  return names
    .filter(([, { isLong }]) => isLong)
    .map(([index]) =>
      issue(
        ['endpoints', index],
        'a name that muster resolves is written short, as "name:port": for more write a source of kind dns',
      ),
    );
}

const UNRESOLVED =
  'is a name: write `resolve: envoy` (each proxy asks its own DNS) or `resolve: muster` (muster asks, and keeps the last good answer)';
