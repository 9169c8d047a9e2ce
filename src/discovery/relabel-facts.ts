import type { Health, Instance } from '../model/instance.ts';

/** What is known of an instance beside its labels, as rules see it. */
export type Facts = Readonly<Record<string, string>>;

export function factsOf(instance: Instance): Facts {
  const { id, address, locality, health, weight } = instance;
  const port = portOf(instance);
  return {
    __id__: id,
    __address__: port === undefined ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`,
    ...(port === undefined ? {} : { __port__: String(port) }),
    ...(locality.region === '' ? {} : { __region__: locality.region }),
    ...(locality.zone === '' ? {} : { __zone__: locality.zone }),
    ...(weight === undefined ? {} : { __weight__: String(weight) }),
    __health__: health,
  };
}

/** The instance with what rules wrote; in words where that cannot be. */
export function applyFacts(
  instance: Instance,
  before: Facts,
  labels: ReadonlyMap<string, string>,
): Instance | string {
  const written = new Map<string, string>();
  for (const name of ['__address__', '__port__', '__region__', '__zone__', '__weight__', '__health__']) {
    const value = labels.get(name) ?? '';
    if (value !== (before[name] ?? '')) written.set(name, value);
  }
  let changed: Instance | string = instance;
  for (const [name, value] of written) {
    changed = write(changed, name, value);
    if (typeof changed === 'string') return changed;
  }
  return changed;
}

function write(instance: Instance, name: string, value: string): Instance | string {
  const wrong = (what: string): string => `relabelling set ${name} to ${JSON.stringify(value)}: ${what}`;
  switch (name) {
    case '__address__':
      return writeAddress(instance, value) ?? wrong('not an address with a port from 1 to 65535');
    case '__port__':
      return writePort(instance, value) ?? wrong('not a port from 1 to 65535');
    case '__region__':
      return { ...instance, locality: { ...instance.locality, region: value } };
    case '__zone__':
      return { ...instance, locality: { ...instance.locality, zone: value } };
    case '__weight__':
      return writeWeight(instance, value) ?? wrong('not a weight from 1 to 128');
    default: {
      const health = HEALTHS.find((known) => known === value);
      return health === undefined ? wrong(`not one of ${HEALTHS.join(', ')}`) : { ...instance, health };
    }
  }
}

const HEALTHS: readonly Health[] = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING'];

function writeAddress(instance: Instance, text: string): Instance | undefined {
  const match =
    /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]{1,5}))?$/.exec(text) ??
    /^([0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  if (address === undefined) return undefined;
  const moved = { ...instance, address };
  return match?.[3] === undefined ? moved : writePort(moved, match[3]);
}

function writePort(instance: Instance, text: string): Instance | undefined {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port < 1 || port > 65_535) return undefined;
  return { ...instance, ports: { ...instance.ports, '': port } };
}

function writeWeight({ weight: _, ...rest }: Instance, text: string): Instance | undefined {
  if (text === '') return rest;
  const weight = Number(text);
  return /^[0-9]{1,3}$/.test(text) && weight >= 1 && weight <= 128 ? { ...rest, weight } : undefined;
}

function portOf({ ports }: Instance): number | undefined {
  const all = Object.values(ports);
  return Object.hasOwn(ports, '') ? ports[''] : all.length === 1 ? all[0] : undefined;
}
