/** One instance as a test writes it down; everything but its node has a default. */
export interface FakeInstance {
  readonly node: string;
  readonly id?: string;
  readonly address?: string;
  readonly nodeAddress?: string;
  readonly port?: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>> | null;
  readonly nodeMeta?: Readonly<Record<string, string>>;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** Of its check; default passing. */
  readonly status?: 'passing' | 'warning' | 'critical';
  /** In place of the one check. */
  readonly checks?: readonly { readonly CheckID: string; readonly Status: string }[];
  readonly output?: string;
  readonly locality?: { readonly Region: string; readonly Zone: string };
  readonly namespace?: string;
  readonly partition?: string;
}

/** What the fake knows, in Consul's own words. */
export class FakeRegistry {
  readonly #services = new Map<string, readonly FakeInstance[]>();
  readonly #indexes = new Map<string, number>();
  #index = 10;

  get index(): number {
    return this.#index;
  }

  /** All indexes begin here, as after a snapshot was restored. */
  set index(index: number) {
    this.#index = index;
    this.#indexes.clear();
  }

  put(service: string, instances: readonly FakeInstance[]): void {
    this.#index += 1;
    this.#services.set(service, instances);
    this.#indexes.set(service, this.#index);
  }

  /** Without a trace: the index stays. */
  hide(service: string): void {
    this.#services.delete(service);
  }

  remove(service: string): void {
    this.#index += 1;
    this.#services.delete(service);
    this.#indexes.set(service, this.#index);
  }

  indexOf(path: string): number {
    const service = serviceOf(path);
    return service === undefined ? this.#index : (this.#indexes.get(service) ?? this.#index);
  }

  answer(path: string): unknown {
    if (path === '/v1/catalog/services') return this.#list();
    if (path === '/v1/health/state/any') return this.#checks();
    const service = serviceOf(path);
    if (service === undefined) return undefined;
    return (this.#services.get(service) ?? []).map((instance) => entryOf(service, instance));
  }

  #list(): object {
    const tags = (instances: readonly FakeInstance[]) => [
      ...new Set(instances.flatMap((one) => one.tags ?? [])),
    ];
    return Object.fromEntries([...this.#services].map(([name, instances]) => [name, tags(instances)]));
  }

  #checks(): object[] {
    return [...this.#services].flatMap(([service, instances]) =>
      instances.flatMap((instance) => entryOf(service, instance).Checks),
    );
  }
}

export function serviceOf(path: string): string | undefined {
  const [, name] = /^\/v1\/health\/service\/([^/]+)$/.exec(path) ?? [];
  return name === undefined ? undefined : decodeURIComponent(name);
}

function entryOf(service: string, one: FakeInstance) {
  const id = one.id ?? service;
  const checks = one.checks ?? [{ CheckID: `alive:${id}`, Status: one.status ?? 'passing' }];
  return {
    Node: {
      ...{ Node: one.node, Address: one.nodeAddress ?? '10.0.0.250', Datacenter: 'dc1' },
      Meta: one.nodeMeta ?? null,
    },
    Service: {
      ...{ ID: id, Service: service, Address: one.address ?? '', Port: one.port ?? 8080 },
      ...{ Tags: one.tags ?? null, Meta: one.meta ?? null, Locality: one.locality },
      Weights: one.weights ?? { Passing: 1, Warning: 1 },
      ...{ Namespace: one.namespace, Partition: one.partition, ModifyIndex: 7 },
    },
    Checks: checks.map((check) => ({
      ...{ Node: one.node, ServiceID: id, ServiceName: service, Output: one.output ?? '' },
      ...check,
    })),
  };
}
