import type { Service, SourceConfig } from '../model/config.ts';
import type { Endpoint } from '../model/instance.ts';
import { chooseMetadata } from '../model/metadata.ts';
import type { Entry } from './entries.ts';
import { check, type Fault } from './issues.ts';
import type { WrittenEndpoint } from './schema/endpoint.ts';
import { serviceSchema, type WrittenService } from './schema/service.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface BuiltService {
  readonly service: Service;
  /** Answers the names that the service leaves to muster. */
  readonly source?: SourceConfig | undefined;
}

type Outcome = { value?: BuiltService; faults: readonly Fault[] };

/** The kind of source that resolves names. */
const RESOLVER = 'dns';

export function buildService(entry: Entry, vocabulary: Vocabulary): Outcome {
  const { value, faults } = check(serviceSchema, entry.data);
  if (value === undefined) return { faults };
  const { written, resolve, from, ...settings } = value;
  const named = { name: entry.name, origin: entry.origin, ...settings };
  const endpointOf = withMetadata(value);
  if (resolve === 'envoy')
    return { value: { service: { ...named, from, endpoints: [], hosts: written.map(endpointOf) } }, faults };
  const endpoints = written.filter(({ isName }) => !isName).map(endpointOf);
  if (resolve === undefined) return { value: { service: { ...named, from, endpoints } }, faults };
  const names = written.filter(({ isName }) => isName).map(({ endpoint }) => endpoint);
  const { source, faults: wrong } = resolver(entry, names, vocabulary);
  if (source === undefined) return { faults: wrong };
  const asked = { source: source.name, where: new Map(), port: { kind: 'default' }, priority: 0 } as const;
  return { value: { service: { ...named, from: [...from, asked], endpoints }, source }, faults };
}

function withMetadata({ metadata }: Pick<WrittenService, 'metadata'>): (one: WrittenEndpoint) => Endpoint {
  return ({ endpoint, labels }) => {
    const chosen = chooseMetadata(metadata, labels);
    return chosen === undefined ? endpoint : { ...endpoint, metadata: chosen };
  };
}

/** A source that the user did not write: no name of theirs can hold a slash. */
function resolver(
  { name, origin }: Entry,
  names: readonly Endpoint[],
  { sources }: Vocabulary,
): { readonly source?: SourceConfig; readonly faults: readonly Fault[] } {
  const kind = sources.get(RESOLVER);
  if (kind === undefined) {
    const message = `needs the kind of source ${RESOLVER}, which is not there: write \`resolve: envoy\``;
    return { faults: [{ path: ['resolve'], message }] };
  }
  const written = names.map(({ address, port }) => `${address}:${port}`);
  const { value, faults } = check<unknown>(kind.schema, { names: written, type: 'A+AAAA' });
  if (faults.length > 0) return { faults: faults.map((fault) => ({ ...fault, path: ['endpoints'] })) };
  const rest = { kind: RESOLVER, options: value, relabel: [], allowAddresses: [] };
  return { source: { name: `${RESOLVER}/${name}`, origin, ...rest }, faults: [] };
}

/** Those of the user's, and those that services need beside them. */
export function sourcesOf(
  written: ReadonlyMap<string, SourceConfig>,
  services: Iterable<BuiltService>,
): ReadonlyMap<string, SourceConfig> {
  const sources = new Map(written);
  for (const { source } of services) if (source !== undefined) sources.set(source.name, source);
  return sources;
}

export function servicesOf(
  built: Iterable<BuiltService>,
  expanded: readonly Service[],
): ReadonlyMap<string, Service> {
  const services = new Map<string, Service>();
  for (const { service } of built) services.set(service.name, service);
  for (const service of expanded) services.set(service.name, service);
  return services;
}
