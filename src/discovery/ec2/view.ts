import type { Health, Instance } from '../../model/instance.ts';
import type { Addresses, Facts } from './facts.ts';
import type { View } from './protocol.ts';
import type { PortOptions } from './schema.ts';

/** What an instance's state means for its endpoint (SRC10); states that are not here are left out. */
const HEALTH: ReadonlyMap<string, Health> = new Map([
  ['running', 'HEALTHY'],
  ['shutting-down', 'DRAINING'],
  ['stopping', 'DRAINING'],
]);

/**
 * The instance as a source reports it; undefined: it does not serve. One without the chosen address is
 * reported without any: it is never served, and people see that it is there.
 */
export function toInstance(facts: Facts, view: View): Instance | undefined {
  const health = HEALTH.get(facts.state);
  if (health === undefined) return undefined;
  return {
    id: facts.id,
    address: chooseAddress(facts, view.address) ?? '',
    ports: choosePorts(facts.labels, view.ports),
    locality: facts.locality,
    health: health === 'HEALTHY' && facts.impaired ? 'UNHEALTHY' : health,
    labels: facts.labels,
  };
}

/** EC2 says itself that this one serves no more, or not yet: that it went needs no other reason. */
export function isStated({ state }: Facts): boolean {
  return state !== 'running';
}

function chooseAddress(facts: Facts, choice: View['address']): string | undefined {
  if (typeof choice === 'string') return facts.addresses[choice];
  const { index, subnet, tag, family } = choice.eni;
  const found = facts.interfaces
    .filter((one) => index === undefined || one.index === index)
    .filter((one) => subnet === undefined || one.subnet === subnet)
    .filter((one) => tag === undefined || one.tagged)
    // Several may match, and the API gives them in no order.
    .sort((left, right) => (left.index ?? 999) - (right.index ?? 999) || (left.id < right.id ? -1 : 1));
  return found.map((one: Addresses) => one[family]).find((address) => address !== undefined);
}

function choosePorts(
  labels: Facts['labels'],
  ports: Readonly<Record<string, PortOptions>>,
): Readonly<Record<string, number>> {
  const chosen: Record<string, number> = {};
  for (const [name, choice] of Object.entries(ports)) {
    const port = typeof choice === 'number' ? choice : portOf(labels, choice);
    if (port !== undefined) chosen[name] = port;
  }
  return chosen;
}

/** A label that holds no port is as good as none, as in `services.*.from[].port`. */
function portOf(labels: Facts['labels'], choice: Exclude<PortOptions, number>): number | undefined {
  const text = Object.hasOwn(labels, choice.label) ? labels[choice.label] : undefined;
  const port = text !== undefined && /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : choice.default;
}
