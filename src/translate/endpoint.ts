import type { Service } from '../model/config.ts';
import {
  compareLocality,
  compareMetadata,
  compareText,
  isSameLocality,
  withoutDoubles,
} from '../model/endpoint-order.ts';
import type { Endpoint, Locality } from '../model/instance.ts';
import { type Assigned, assignmentBytes, HEALTH_STATUS } from './endpoint-bytes.ts';
import { localityWeight } from './locality-weights.ts';
import { lbMetadata } from './metadata.ts';
import type { Message, Proto } from './proto.ts';
import { type BuildProblem, fromBytes, makeResource, type TranslatedResource } from './resource.ts';

export const ENDPOINT_TYPE = 'envoy.config.endpoint.v3.ClusterLoadAssignment';

export interface EndpointResource extends TranslatedResource {
  /** Endpoints that break one of Envoy's constraints: they are left out, the others are served. */
  readonly problems: readonly BuildProblem[];
}

/** One cell: the endpoints of one service. The same endpoints in any order give the same bytes. */
export function endpointResource(
  service: Service,
  endpoints: readonly Endpoint[],
  proto: Proto,
): EndpointResource {
  const { name, origin } = service;
  const bytes = assignmentBytes(service, inOrder(endpoints));
  if (bytes === undefined) return byRegistry(service, endpoints, proto);
  return withProblems(
    fromBytes(bytes, { type: ENDPOINT_TYPE, name, origins: [origin] }),
    endpoints.length === 0 ? notYet(service) : NONE,
  );
}

const NONE: readonly BuildProblem[] = [];

/** The reference that made the service may be a typing mistake, or simply early. */
function notYet({ template, from: [asked], origin }: Service): readonly BuildProblem[] {
  if (template === undefined || asked === undefined) return NONE;
  const message = `source "${asked.source}" has no service "${asked.service}" yet: requests for it get 503`;
  return [{ origin, path: '', message }];
}

/** Where something is not plain: each endpoint is judged by itself. */
function byRegistry(service: Service, endpoints: readonly Endpoint[], proto: Proto): EndpointResource {
  const { name, origin } = service;
  const whole = loadAssignment(service, endpoints);
  const problems =
    proto.violations(ENDPOINT_TYPE, whole).length === 0 ? [] : wrongEndpoints(service, endpoints, proto);
  const wrong = new Set(problems.map(({ endpoint }) => endpoint));
  const message =
    wrong.size === 0
      ? whole
      : loadAssignment(
          service,
          endpoints.filter((endpoint) => !wrong.has(endpoint)),
        );
  return withProblems(
    makeResource(proto, { type: ENDPOINT_TYPE, name, message, origins: [origin] }),
    problems.map(({ problem }) => problem),
  );
}

/** Field by field: a spread is several times dearer, and this runs once per cell. */
function withProblems(
  { typeUrl, name, bytes, version, origins, needs, clusters }: TranslatedResource,
  problems: readonly BuildProblem[],
): EndpointResource {
  return { typeUrl, name, bytes, version, origins, needs, clusters, problems };
}

function wrongEndpoints(
  service: Service,
  endpoints: readonly Endpoint[],
  proto: Proto,
): readonly { readonly endpoint: Endpoint; readonly problem: BuildProblem }[] {
  return endpoints.flatMap((endpoint) => {
    const [violation] = proto.violations(ENDPOINT_TYPE, loadAssignment(service, [endpoint]));
    if (violation === undefined) return [];
    const message = `endpoint ${endpoint.address}:${endpoint.port} is left out: ${violation.path}: ${violation.message}`;
    return [{ endpoint, problem: { origin: service.origin, path: violation.path, message } }];
  });
}

interface LocalityGroup {
  readonly locality?: Message;
  readonly lbEndpoints: Message[];
  readonly loadBalancingWeight?: Message;
  readonly priority: number;
}

/**
 * Sorted by priority, locality and address. Priorities are renumbered without gaps (Envoy refuses
 * gaps); an address and port that comes twice stays once, where it has the best priority.
 */
export function loadAssignment(service: Assigned, endpoints: readonly Endpoint[]): Message {
  const groups: LocalityGroup[] = [];
  let priority = -1;
  let last: Endpoint | undefined;
  let group: LocalityGroup | undefined;
  for (const endpoint of inOrder(endpoints)) {
    const samePriority = last?.priority === endpoint.priority;
    if (!samePriority) priority += 1;
    if (
      group === undefined ||
      !samePriority ||
      last === undefined ||
      !isSameLocality(last.locality, endpoint.locality)
    ) {
      group = { ...localityOf(endpoint.locality), lbEndpoints: [], ...weightOf(service, endpoint), priority };
      groups.push(group);
    }
    group.lbEndpoints.push(lbEndpoint(endpoint));
    last = endpoint;
  }
  return { clusterName: service.name, endpoints: groups };
}

/** Sorted, and each address and port once, the best of its kind. */
function inOrder(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return withoutDoubles(sorted(endpoints));
}

/** Mostly they come in order: looking is cheaper than sorting. */
function sorted(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  for (let index = 1; index < endpoints.length; index++) {
    const [before, here] = [endpoints[index - 1], endpoints[index]];
    if (before !== undefined && here !== undefined && compare(before, here) > 0)
      return endpoints.toSorted(compare);
  }
  return endpoints;
}

function lbEndpoint({ address, port, health, weight, metadata }: Endpoint): Message {
  return {
    endpoint: { address: { socketAddress: { address, portValue: port } } },
    healthStatus: HEALTH_STATUS[health],
    ...(metadata === undefined ? {} : { metadata: lbMetadata(metadata) }),
    ...(weight === undefined ? {} : { loadBalancingWeight: { value: weight } }),
  };
}

function weightOf(service: Assigned, { locality }: Endpoint): { loadBalancingWeight?: Message } {
  const weight = localityWeight(service, locality);
  return weight === undefined ? {} : { loadBalancingWeight: { value: weight } };
}

function localityOf({ region, zone, subZone }: Locality): { locality?: Message } {
  return region === '' && zone === '' && subZone === '' ? {} : { locality: { region, zone, subZone } };
}

/** A total order over everything that reaches the bytes, so that equal sets give equal bytes. */
function compare(a: Endpoint, b: Endpoint): number {
  return (
    a.priority - b.priority ||
    compareLocality(a.locality, b.locality) ||
    compareText(a.address, b.address) ||
    a.port - b.port ||
    HEALTH_STATUS[a.health] - HEALTH_STATUS[b.health] ||
    (a.weight ?? 0) - (b.weight ?? 0) ||
    compareMetadata(a.metadata, b.metadata)
  );
}
