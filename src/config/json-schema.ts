import { z } from 'zod';
import { SECRET_KINDS, type SecretKind } from '../model/config.ts';
import { name, oneKey } from './scalars.ts';
import { groupSchema } from './schema/group.ts';
import { httpRouteSchema } from './schema/http-route.ts';
import { listenerSchema } from './schema/listener.ts';
import { serviceSchema } from './schema/service.ts';
import { serviceTemplateSchema } from './schema/service-template.ts';
import { sourceSchema } from './schema/source.ts';
import type { Vocabulary } from './vocabulary.ts';

/** JSON Schema (draft 2020-12) of a config file, for editors and `muster schema`. */
export function configJsonSchema(vocabulary: Vocabulary): object {
  const schema = z.strictObject({
    sources: collection(sourceSchema(pick(vocabulary.sources)), 'Where endpoints come from.'),
    secretStores: collection(
      oneKey(pick(vocabulary.secretStores), 'the kind of store'),
      'Where secrets come from. The store `file` is always there, with its defaults; an entry of that name gives it options, such as another directory.',
    ),
    secrets: collection(secretSchema(vocabulary), 'Where each secret is read; never its value.'),
    services: collection(serviceSchema, 'Each becomes an Envoy cluster and its endpoints.'),
    serviceTemplates: collection(
      serviceTemplateSchema,
      'Each makes a service of every name that a route sends to and that fits its own.',
    ),
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
  const described = ([kind, { schema }]: readonly [string, { readonly schema: z.ZodType }]) =>
    [
      kind,
      schema.description === undefined ? schema.describe(`Options of the kind ${kind}.`) : schema,
    ] as const;
  return Object.fromEntries([...registry].map(described));
}

const DESCRIPTIONS: Readonly<Record<SecretKind, string>> = {
  tls: 'A certificate chain and its private key.',
  ca: 'Certificates of authorities, and what they revoked.',
  sessionTicketKeys: 'Keys of 80 bytes that encrypt TLS session tickets, the newest first.',
  value: 'Bytes: a token, a password.',
};

const store = name.optional().describe('A name in `secretStores`. Default file.');

/** A reference has the keys of one of the stores that hold its kind, and `store`. */
function secretSchema(vocabulary: Vocabulary) {
  const shapes = SECRET_KINDS.flatMap((kind) => {
    const refs = [...vocabulary.secretStores.values()].flatMap(({ refs }) => refs[kind] ?? []);
    const schema = anyOf(refs.map(withStore));
    return schema === undefined ? [] : [[kind, schema.describe(DESCRIPTIONS[kind])] as const];
  });
  return oneKey(Object.fromEntries(shapes), 'the kind of secret');
}

function withStore(ref: z.core.$ZodType): z.ZodType {
  if (ref instanceof z.ZodObject) return z.strictObject({ ...ref.shape, store });
  if (ref instanceof z.ZodPipe) return withStore(ref.in);
  const options = ref instanceof z.ZodUnion ? anyOf(ref.options.map(withStore)) : undefined;
  return options ?? z.looseObject({ store });
}

function anyOf([first, ...rest]: readonly z.ZodType[]): z.ZodType | undefined {
  return first === undefined || rest.length === 0 ? first : z.union([first, ...rest]);
}
