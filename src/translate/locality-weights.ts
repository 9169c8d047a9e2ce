import type { LocalityWeight, Service } from '../model/config.ts';
import type { Locality } from '../model/instance.ts';

/** The weight of a locality's endpoints together; undefined: the service gives none. */
export function localityWeight(
  { localityWeights }: Pick<Service, 'localityWeights'>,
  locality: Locality,
): number | undefined {
  if (localityWeights === undefined) return undefined;
  return localityWeights.find((one) => fits(one, locality))?.weight ?? 1;
}

function fits({ region, zone, subZone }: LocalityWeight, locality: Locality): boolean {
  if (region !== undefined && region !== locality.region) return false;
  if (zone !== undefined && zone !== locality.zone) return false;
  return subZone === undefined || subZone === locality.subZone;
}
