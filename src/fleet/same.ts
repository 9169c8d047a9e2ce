import type { Endpoint, Instance, Locality } from '../model/instance.ts';

/** Whether a report says what the last one said, in the same order. */
export function sameInstances(a: readonly Instance[], b: readonly Instance[]): boolean {
  return a === b || (a.length === b.length && a.every((one, index) => sameInstance(one, b[index])));
}

/** Selected endpoints are sorted, so equal sets stand in the same order. */
export function sameEndpoints(a: readonly Endpoint[], b: readonly Endpoint[]): boolean {
  return a.length === b.length && a.every((one, index) => sameEndpoint(one, b[index]));
}

function sameInstance(a: Instance, b: Instance | undefined): boolean {
  return (
    b !== undefined &&
    (a === b ||
      (a.id === b.id &&
        a.address === b.address &&
        a.health === b.health &&
        a.weight === b.weight &&
        sameLocality(a.locality, b.locality) &&
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
    sameLocality(a.locality, b.locality)
  );
}

function sameLocality(a: Locality, b: Locality): boolean {
  return a === b || (a.region === b.region && a.zone === b.zone && a.subZone === b.subZone);
}

function sameRecord(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}
