import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Health, Instance } from '../model/instance.ts';
import { labelOf } from './instances.ts';
import { isOwnFact, mainPort, type WorkingLabels, type Written } from './relabel-labels.ts';

const HEALTHS: readonly Health[] = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'DRAINING'];
const MAX_PORT = 65_535;
const MAX_WEIGHT = 128;

/** A rule wrote something into one of the instance's own facts that cannot stand there. */
class BadFact extends Error {}

export type Applied = { readonly instance: Instance } | { readonly dropped: string };

/** The instance after its rules: the same object where they changed nothing that stays. */
export function applyLabels(labels: WorkingLabels): Applied {
  const { instance, written } = labels;
  if (written === undefined) return { instance };
  const facts = [...written].filter(([name]) => isOwnFact(name));
  try {
    return { instance: withLabels(withFacts(instance, new Map(facts)), written) };
  } catch (error) {
    if (error instanceof BadFact) return { dropped: error.message };
    throw error;
  }
}

function withLabels(instance: Instance, written: ReadonlyMap<string, Written>): Instance {
  const stay = [...written].filter(
    ([name, { value }]) => !name.startsWith('__') && value !== (labelOf(instance, name) ?? ''),
  );
  if (stay.length === 0) return instance;
  // Names that begin with __ are filtered out above, so `__proto__` is never assigned to.
  const labels: Record<string, string> = { ...instance.labels };
  for (const [name, { value }] of stay) {
    if (value === '') delete labels[name];
    else labels[name] = value;
  }
  return { ...instance, labels };
}

type Facts = ReadonlyMap<string, Written>;

/** `__address__` first, so that a rule which wrote `__port__` has the last word on the port. */
function withFacts(instance: Instance, facts: Facts): Instance {
  if (facts.size === 0) return instance;
  let changed = instance;
  for (const [name, apply] of FACTS) {
    const fact = facts.get(name);
    if (fact === undefined) continue;
    const next = apply(changed, fact.value);
    if (typeof next === 'string')
      throw new BadFact(`rule ${fact.rule} set ${name} to ${JSON.stringify(fact.value)}: ${next}`);
    changed = next;
  }
  return changed;
}

type Apply = (instance: Instance, value: string) => Instance | string;
const FACTS: readonly (readonly [string, Apply])[] = [
  ['__address__', withAddress],
  ['__port__', withPort],
  ['__region__', (one, region) => ({ ...one, locality: { ...one.locality, region } })],
  ['__zone__', (one, zone) => ({ ...one, locality: { ...one.locality, zone } })],
  ['__weight__', withWeight],
  ['__health__', withHealth],
];

function withAddress(instance: Instance, value: string): Instance | string {
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::([0-9]+))?$/.exec(value);
  const host = isIP(value) === 0 ? (match?.[1] ?? match?.[2] ?? value) : value;
  const port = isIP(value) === 0 ? match?.[3] : undefined;
  if (isIP(host) === 0 || host.includes('%')) return 'not an IP address with or without a port';
  const address = isIP(host) === 6 ? ipaddr.parse(host).toString() : host;
  const moved = address === instance.address ? instance : { ...instance, address };
  return port === undefined ? moved : withPort(moved, port);
}

/** Its name stays; without one port to speak of, it becomes the unnamed one. Empty takes it away. */
function withPort(instance: Instance, value: string): Instance | string {
  const main = mainPort(instance);
  const name = main?.name ?? '';
  if (value === '') {
    const rest = Object.entries(instance.ports).filter(([other]) => other !== name);
    return { ...instance, ports: Object.fromEntries(rest) };
  }
  const port = wholeNumber(value);
  if (port === undefined || port > MAX_PORT) return 'not a port';
  return main?.port === port ? instance : { ...instance, ports: { ...instance.ports, [name]: port } };
}

function withWeight(instance: Instance, value: string): Instance | string {
  const { weight: _, ...rest } = instance;
  if (value === '') return rest;
  const weight = wholeNumber(value);
  if (weight === undefined || weight > MAX_WEIGHT) return 'not a weight of 1 to 128';
  return { ...rest, weight };
}

function withHealth(instance: Instance, value: string): Instance | string {
  const health = HEALTHS.find((one) => one === value);
  return health === undefined ? `not one of ${HEALTHS.join(', ')}` : { ...instance, health };
}

/** 1 and up; plain digits only. */
function wholeNumber(text: string): number | undefined {
  return /^0*[1-9][0-9]{0,8}$/.test(text) ? Number(text) : undefined;
}
