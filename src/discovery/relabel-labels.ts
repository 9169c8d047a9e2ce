import type { Instance } from '../model/instance.ts';
import { labelOf } from './instances.ts';

/** What a source says of an instance itself, as labels that rules can read and (but for `__id__`) write. */
const OWN_FACTS: Readonly<Record<string, (instance: Instance) => string>> = {
  __address__: addressText,
  __port__: (instance) => String(mainPort(instance)?.port ?? ''),
  __region__: (instance) => instance.locality.region,
  __zone__: (instance) => instance.locality.zone,
  __weight__: (instance) => String(instance.weight ?? ''),
  __health__: (instance) => instance.health,
  __id__: (instance) => instance.id,
};
const OWN_FACT_NAMES = Object.keys(OWN_FACTS);

export function isOwnFact(name: string): boolean {
  return Object.hasOwn(OWN_FACTS, name);
}

/** The unnamed port, or the only one there is. */
export function mainPort({ ports }: Instance): { readonly name: string; readonly port: number } | undefined {
  const unnamed = ports[''];
  if (unnamed !== undefined) return { name: '', port: unnamed };
  const all = Object.entries(ports);
  const [only] = all;
  return all.length === 1 && only !== undefined ? { name: only[0], port: only[1] } : undefined;
}

function addressText(instance: Instance): string {
  const main = mainPort(instance);
  if (main === undefined) return instance.address;
  const host = instance.address.includes(':') ? `[${instance.address}]` : instance.address;
  return `${host}:${main.port}`;
}

export interface Written {
  /** Empty: the label is deleted. */
  readonly value: string;
  /** The number of the rule, from 1. */
  readonly rule: number;
}

/**
 * The labels of one instance while rules run over it. The instance's own are never copied: what
 * rules write lies over them. As in Prometheus a label that is not there and an empty one are the
 * same to a rule.
 */
export class WorkingLabels {
  readonly instance: Instance;
  #written: Map<string, Written> | undefined;

  constructor(instance: Instance) {
    this.instance = instance;
  }

  get written(): ReadonlyMap<string, Written> | undefined {
    return this.#written;
  }

  get(name: string): string {
    return this.#written?.get(name)?.value ?? this.#read(name);
  }

  set(name: string, value: string, rule: number): void {
    if (this.get(name) === value) return;
    this.#written ??= new Map();
    this.#written.set(name, { value, rule });
  }

  /** Every label with a value, the instance's own facts among them. */
  names(): readonly string[] {
    const { labels } = this.instance;
    const names = [...Object.keys(labels), ...OWN_FACT_NAMES];
    for (const name of this.#written?.keys() ?? [])
      if (!Object.hasOwn(labels, name) && !isOwnFact(name)) names.push(name);
    return names.filter((name) => this.get(name) !== '');
  }

  #read(name: string): string {
    if (Object.hasOwn(OWN_FACTS, name)) return OWN_FACTS[name]?.(this.instance) ?? '';
    return labelOf(this.instance, name) ?? '';
  }
}
