import { z } from 'zod';
import { name, oneKey } from './scalars.ts';
import { groupSchema } from './schema/group.ts';
import { httpRouteSchema } from './schema/http-route.ts';
import { listenerSchema } from './schema/listener.ts';
import { serviceSchema } from './schema/service.ts';
import type { Vocabulary } from './vocabulary.ts';

/** JSON Schema (draft 2020-12) of a config file, for editors and `muster schema`. */
export function configJsonSchema(vocabulary: Vocabulary): object {
  const schema = z.strictObject({
    sources: collection(oneKey(pick(vocabulary.sources), 'the kind of source'), 'Where endpoints come from.'),
    secretStores: collection(
      oneKey(pick(vocabulary.secretStores), 'the kind of store'),
      'Where secrets come from; `file` is always there.',
    ),
    secrets: collection(secretSchema(vocabulary), 'Where each secret is read; never its value.'),
    services: collection(serviceSchema, 'Each becomes an Envoy cluster and its endpoints.'),
    listeners: collection(listenerSchema, 'What proxies listen on.'),
    httpRoutes: collection(httpRouteSchema(vocabulary.filters), 'HTTP routes with Gateway API semantics.'),
    groups: collection(groupSchema, 'Node groups: which proxies get what.'),
  });
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' });
}

function collection(value: z.ZodType, description: string) {
  return z
    .union([z.record(name, value), z.null()])
    .optional()
    .describe(description);
}

function pick(registry: ReadonlyMap<string, { readonly schema: z.ZodType }>): Record<string, z.ZodType> {
  return Object.fromEntries([...registry].map(([kind, { schema }]) => [kind, schema]));
}

/** A reference has the keys of one of the stores that hold its kind, and `store`. */
function secretSchema(vocabulary: Vocabulary) {
  const store = z.strictObject({
    store: name.optional().describe('A name in `secretStores`. Default file.'),
  });
  const shapes = (['tls', 'ca', 'value'] as const).flatMap((kind) => {
    const refs = [...vocabulary.secretStores.values()].flatMap(({ refs }) => refs[kind] ?? []);
    const options = refs.map((ref) =>
      ref instanceof z.ZodObject
        ? z.strictObject({ ...ref.shape, ...store.shape })
        : z.looseObject(store.shape),
    );
    const [first, ...rest] = options;
    return first === undefined
      ? []
      : [[kind, rest.length === 0 ? first : z.union([first, ...rest])] as const];
  });
  return oneKey(Object.fromEntries(shapes), 'the kind of secret');
}
