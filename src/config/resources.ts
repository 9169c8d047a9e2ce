import { z } from 'zod';
import type { Problem } from '../errors.ts';
import { type Config, type Group, type Listener, SECRET_KINDS, type SecretConfig } from '../model/config.ts';
import type { HttpRoute } from '../model/route.ts';
import { type Collection, type Entries, type Entry, lineOf, member, toProblem } from './entries.ts';
import { check, type Fault } from './issues.ts';
import { nearest, quote } from './nearest.ts';
import { BUILT_IN_STORE } from './references.ts';
import { type Remembered, remember } from './remember.ts';
import { name, oneKey } from './scalars.ts';
import { groupSchema } from './schema/group.ts';
import { httpRouteSchema } from './schema/http-route.ts';
import { listenerSchema } from './schema/listener.ts';
import { serviceTemplateSchema } from './schema/service-template.ts';
import { sourceSchema } from './schema/source.ts';
import { type BuiltService, buildService, servicesOf, sourcesOf } from './services.ts';
import { expandTemplates } from './templates.ts';
import { MAX_PROBLEMS } from './tree.ts';
import type { Vocabulary } from './vocabulary.ts';

export type Resources = Omit<Config, 'hash'>;

type Outcome<Value> = { value?: Value; faults: readonly Fault[] };

/** Each entry through its schema; those with faults are left out. */
export function buildResources(
  entries: Entries,
  vocabulary: Vocabulary,
): { resources: Resources; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  function all<Value>(
    collection: Collection,
    build: (entry: Entry) => Outcome<Value>,
  ): ReadonlyMap<string, Value> {
    const values = new Map<string, Value>();
    const sorted = [...(entries.get(collection)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of sorted) {
      if (problems.length > MAX_PROBLEMS) break;
      const { value, faults } = build(entry);
      for (const fault of faults.slice(0, MAX_PROBLEMS)) problems.push(toProblem(entry, fault));
      if (value !== undefined) values.set(entry.name, value);
    }
    return values;
  }
  const { source, store, route, services, routes } = schemasOf(vocabulary);
  const templates = all('serviceTemplates', (entry) =>
    named(entry, check(serviceTemplateSchema, entry.data)),
  );
  const built = all('services', (entry) => remember(services, entry, () => buildService(entry, vocabulary)));
  const written = all('sources', (entry) => named(entry, check(source, entry.data)));
  const httpRoutes = all('httpRoutes', (entry) => remember(routes, entry, () => buildRoute(entry, route)));
  const expanded = expandTemplates(templates, httpRoutes.values(), entries.get('services') ?? built);
  const resources: Resources = {
    sources: sourcesOf(written, built.values()),
    secretStores: all('secretStores', (entry) => kindAndOptions(entry, store)),
    secrets: all('secrets', (entry) => buildSecret(entry, entries, vocabulary)),
    services: servicesOf(built.values(), expanded),
    listeners: all(
      'listeners',
      (entry): Outcome<Listener> => named(entry, check(listenerSchema, entry.data)),
    ),
    httpRoutes,
    groups: all('groups', (entry) => buildGroup(entry)),
  };
  return { resources, problems };
}

interface Schemas {
  readonly source: ReturnType<typeof sourceSchema>;
  readonly store: ReturnType<typeof oneKey>;
  readonly route: ReturnType<typeof httpRouteSchema>;
  /** The two kinds that there may be thousands of. */
  readonly services: Remembered<Outcome<BuiltService>>;
  readonly routes: Remembered<Outcome<HttpRoute>>;
}

/** Zod compiles a schema at its first use: one vocabulary, one set of schemas. */
const compiled = new WeakMap<Vocabulary, Schemas>();

function schemasOf(vocabulary: Vocabulary): Schemas {
  const known = compiled.get(vocabulary);
  if (known !== undefined) return known;
  const made = {
    source: sourceSchema(schemas(vocabulary.sources)),
    store: oneKey(schemas(vocabulary.secretStores), 'the kind of store'),
    route: httpRouteSchema(vocabulary.filters),
    services: new WeakMap(),
    routes: new WeakMap(),
  };
  compiled.set(vocabulary, made);
  return made;
}

function schemas(registry: ReadonlyMap<string, { readonly schema: z.ZodType }>): Record<string, z.ZodType> {
  return Object.fromEntries([...registry].map(([kind, { schema }]) => [kind, schema]));
}

function named<Value extends object>(entry: Entry, { value, faults }: Outcome<Value>) {
  if (value === undefined) return { faults };
  return { value: { name: entry.name, origin: entry.origin, ...value }, faults };
}

function kindAndOptions(entry: Entry, schema: ReturnType<typeof oneKey>) {
  const { value, faults } = named(entry, check(schema, entry.data));
  return value === undefined
    ? { faults }
    : { value: { name: value.name, origin: value.origin, kind: value.kind, options: value.value }, faults };
}

const secretKinds = oneKey(
  {
    tls: z.looseObject({ store: name.optional() }),
    ca: z.looseObject({ store: name.optional() }),
    sessionTicketKeys: z.looseObject({ store: name.optional() }),
    value: z.looseObject({ store: name.optional() }),
  },
  'the kind of secret',
);

function buildSecret(entry: Entry, entries: Entries, vocabulary: Vocabulary): Outcome<SecretConfig> {
  const { value: outer, faults } = check(secretKinds, entry.data);
  if (outer === undefined) return { faults };
  const kind = SECRET_KINDS.find((known) => known === outer.kind) ?? 'value';
  const { store: _, ...written } = z.record(z.string(), z.unknown()).parse(outer.value);
  const stated = member(outer.value, 'store');
  const store = typeof stated === 'string' ? stated : BUILT_IN_STORE;
  const [storeKind, options] = writtenStore(store, entries);
  const adapter = storeKind === undefined ? undefined : vocabulary.secretStores.get(storeKind);
  // An unknown store is reported where references are checked.
  if (adapter === undefined) return { faults: [] };
  const schema = adapter.refs[kind];
  if (schema === undefined)
    return {
      faults: [{ path: [kind], message: `the store ${quote(store)} holds no secrets of kind ${kind}` }],
    };
  const ref = check(schema, written);
  const inner = ref.faults.map((fault) => withStoreHint({ ...fault, path: [kind, ...fault.path] }));
  const misfit =
    inner.length > 0 ? undefined : adapter.refFault?.(ref.value, check(adapter.schema, options).value);
  if (misfit !== undefined) return { faults: [{ ...misfit, path: [kind, ...misfit.path] }] };
  return inner.length > 0
    ? { faults: inner }
    : { value: { name: entry.name, origin: entry.origin, kind, store, ref: ref.value }, faults: [] };
}

/** The schema of a reference is the store's own and does not know the key that names the store. */
function withStoreHint(fault: Fault): Fault {
  const key = fault.path.length === 2 && fault.atKey === true ? fault.path[1] : undefined;
  const meant = typeof key === 'string' ? nearest(key, ['store']) : undefined;
  return meant === undefined ? fault : { ...fault, hint: 'did you mean "store"?' };
}

/** Kind and options as they are written; both undefined: there is no such store. */
function writtenStore(store: string, entries: Entries): readonly [kind?: string, options?: unknown] {
  const written = entries.get('secretStores')?.get(store)?.data;
  if (typeof written === 'object' && written !== null) return Object.entries(written)[0] ?? [];
  return store === BUILT_IN_STORE ? [BUILT_IN_STORE, {}] : [];
}

function buildRoute(entry: Entry, schema: ReturnType<typeof httpRouteSchema>): Outcome<HttpRoute> {
  const { value, faults } = check(schema, entry.data);
  if (value === undefined) return { faults };
  const rules = value.rules.map((rule, index) => ({
    ...rule,
    matches: rule.matches === undefined || rule.matches.length === 0 ? [EVERYTHING] : rule.matches,
    origin: { ...entry.origin, line: lineOf(entry, ['rules', index]) },
  }));
  return { value: { ...value, name: entry.name, origin: entry.origin, rules }, faults };
}

const EVERYTHING = { path: { type: 'PathPrefix', value: '/' }, headers: [], queryParams: [] } as const;

function buildGroup(entry: Entry): Outcome<Group> {
  const { value, faults } = check(groupSchema, entry.data);
  if (value === undefined) return { faults };
  const match = value.match ?? { cluster: entry.name, metadata: new Map<string, string>() };
  return { value: { ...value, name: entry.name, origin: entry.origin, match }, faults };
}
