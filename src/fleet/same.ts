import { isDeepStrictEqual } from 'node:util';
import type { PortChoice, Service, ServiceFrom } from '../model/config.ts';
import { isSameLocality } from '../model/endpoint-order.ts';
import type { Endpoint, EndpointMetadata, Instance } from '../model/instance.ts';

/** Whether a report says what the last one said, in the same order. */
export function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return a === b || (a.length === b.length && a.every((one, index) => sameInstance(one, b[index])));
}

/** Selected endpoints are sorted, so equal sets stand in the same order. */
export function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((one, index) => sameEndpoint(one, b[index]));
}

/** Whether two forms of a service select the same endpoints wherever they find the same instances. */
export function sameSelection(a: Service, b: Service): boolean {
  if (a === b) return true;
  if (a.from.length !== b.from.length || !sameEndpoints(a.endpoints, b.endpoints)) return false;
  if (!sameChoice([a.failover, a.metadata], [b.failover, b.metadata])) return false;
  return a.from.every((one, index) => sameFrom(one, b.from[index]));
}

/** Whether the same endpoints of two forms of a service make the same cell. */
export function sameAssignment(a: Service, b: Service): boolean {
  if (a === b) return true;
  return sameChoice([a.template, a.localityWeights], [b.template, b.localityWeights]);
}

function sameFrom(a: ServiceFrom, b: ServiceFrom | undefined): boolean {
  return (
    b !== undefined &&
    a.source === b.source &&
    a.service === b.service &&
    a.priority === b.priority &&
    samePort(a.port, b.port) &&
    sameChoice([a.weight, a.locality], [b.weight, b.locality]) &&
    a.where.size === b.where.size &&
    (a.where.size === 0 || isDeepStrictEqual([...a.where], [...b.where]))
  );
}

function sameChoice(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.every((one, index) => one === b[index] || isDeepStrictEqual(one, b[index]));
}

function samePort(a: PortChoice, b: PortChoice): boolean {
  return (a.kind === 'default' && b.kind === 'default') || isDeepStrictEqual(a, b);
}

export function sameInstance(a: Instance, b: Instance | undefined): boolean {
  return (
    b !== undefined &&
    (a === b ||
      (a.id === b.id &&
        a.address === b.address &&
        a.health === b.health &&
        a.weight === b.weight &&
        isSameLocality(a.locality, b.locality) &&
        sameRecord(a.ports, b.ports) &&
        sameRecord(a.labels, b.labels)))
  );
}

function sameEndpoint(a: Endpoint, b: Endpoint | undefined): boolean {
  return (
    b !== undefined &&
    a.address === b.address &&
    a.port === b.port &&
    a.health === b.health &&
    a.weight === b.weight &&
    a.priority === b.priority &&
    isSameLocality(a.locality, b.locality) &&
    sameMetadata(a.metadata, b.metadata)
  );
}

function sameMetadata(a: EndpointMetadata | undefined, b: EndpointMetadata | undefined): boolean {
  if (a === b) return true;
  if (a?.length !== b?.length) return false;
  return a?.every(([key, value], index) => key === b?.[index]?.[0] && value === b[index][1]) ?? true;
}

function sameRecord(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}
