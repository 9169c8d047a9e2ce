import type { PortChoice, Service, ServiceFrom, WeightChoice } from '../model/config.ts';
import { isSameLocality, rankedPriority } from '../model/endpoint-order.ts';
import type { Endpoint, Instance, Locality } from '../model/instance.ts';
import { chooseMetadata } from '../model/metadata.ts';
import { meetsCondition } from './conditions.ts';
import { labelOf } from './instances.ts';

/** Every decision about one instance, shared by the selection and by what explains it. */

/** Envoy's own bound is 1 or more; beyond it a share would be of no use. */
const MOST_WEIGHT = 128;

/** The first label of `where` whose condition an instance does not meet. */
export function unmetLabel(where: ServiceFrom['where'], instance: Instance): string | undefined {
  for (const [label, condition] of where) {
    if (!meetsCondition(labelOf(instance, label), condition)) return label;
  }
  return undefined;
}

/** The port by the user's choice. By default the unnamed one, or the only one there is. */
export function choosePort(choice: PortChoice, instance: Instance): number | undefined {
  switch (choice.kind) {
    case 'default':
      return ownPort(instance, '') ?? onlyPort(instance);
    case 'constant':
      return choice.port;
    case 'named':
      return ownPort(instance, choice.name);
    case 'label':
      return parseNumber(labelOf(instance, choice.label), 65_535) ?? choice.fallback;
  }
}

function ownPort(instance: Instance, name: string): number | undefined {
  return Object.hasOwn(instance.ports, name) ? instance.ports[name] : undefined;
}

function onlyPort(instance: Instance): number | undefined {
  const ports = Object.values(instance.ports);
  return ports.length === 1 ? ports[0] : undefined;
}

/** A label that holds no weight counts as absent; without a default the source's own weight stays. */
function chooseWeight(choice: WeightChoice | undefined, instance: Instance): number | undefined {
  if (choice === undefined) return instance.weight;
  if (choice.kind === 'constant') return choice.weight;
  return parseNumber(labelOf(instance, choice.label), MOST_WEIGHT) ?? choice.fallback ?? instance.weight;
}

/** A whole number from 1 to `most`. */
function parseNumber(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^[0-9]{1,5}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= 1 && number <= most ? number : undefined;
}

/** Equal outcomes are best one object (see `Places`): nothing is made where nothing is overridden. */
function chooseLocality(override: ServiceFrom['locality'], { locality }: Instance): Locality {
  if (override === undefined) return locality;
  const chosen = {
    region: override.region ?? locality.region,
    zone: override.zone ?? locality.zone,
    subZone: override.subZone ?? locality.subZone,
  };
  return isSameLocality(chosen, locality) ? locality : chosen;
}

/** An endpoint of the config itself, with its place in the failover. */
export function inlineEndpoint({ failover }: Service, endpoint: Endpoint): Endpoint {
  const priority = rankedPriority(endpoint.priority, endpoint.locality, failover);
  return priority === endpoint.priority ? endpoint : { ...endpoint, priority };
}

/** What an entry makes of an instance that it selects, on the port chosen for it. */
export function selectedEndpoint(
  { failover, metadata: choice }: Service,
  from: ServiceFrom,
  instance: Instance,
  port: number,
): Endpoint {
  const { address, health, labels } = instance;
  const locality = chooseLocality(from.locality, instance);
  const priority = rankedPriority(from.priority, locality, failover);
  const weight = chooseWeight(from.weight, instance);
  const metadata = chooseMetadata(choice, labels);
  if (metadata !== undefined) return { address, port, locality, health, weight, priority, metadata };
  if (weight === undefined) return { address, port, locality, health, priority };
  return { address, port, locality, health, weight, priority };
}
