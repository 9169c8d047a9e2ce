import type { ScopeReport } from '../../../src/discovery/source.ts';
import type { Config, Service } from '../../../src/model/config.ts';
import {
  complete,
  configOf,
  endpoint,
  failure,
  group,
  instances,
  listener,
  route,
  service,
  source,
} from '../fixtures.ts';
import { type Rig, rig, tlsSecret } from './rig.ts';

export const SOURCES = ['dc', 'vms'];
export const SECRETS = ['s1', 's2'];

/** A config in short. */
export interface Shape {
  readonly services: readonly {
    readonly name: string;
    readonly from: readonly string[];
    readonly http2: boolean;
    readonly priority: number;
    readonly inline: readonly number[];
  }[];
  /** Where the services are written. */
  readonly line: number;
  readonly secrets: readonly string[];
  readonly routes: readonly { readonly on: readonly string[]; readonly to: readonly string[] }[];
  readonly groups: readonly { readonly name: string; readonly listeners: readonly string[] }[];
}

/** One thing that happens. */
export type Step =
  | { readonly kind: 'edit'; readonly shape: Shape }
  | {
      readonly kind: 'put';
      readonly source: string;
      readonly scope: string;
      readonly of: string;
      readonly ids: readonly number[];
    }
  | { readonly kind: 'fail'; readonly source: string; readonly scope: string }
  | { readonly kind: 'secret'; readonly name: string; readonly version: number }
  | { readonly kind: 'build'; readonly group: string }
  | { readonly kind: 'wait'; readonly ms: number; readonly settled: boolean }
  | { readonly kind: 'sweep' };

/** One builder through a sequence of changes, and what the outside holds at its end. */
export class Life {
  readonly rig: Rig;
  /** What the stores hold: what was read is read again after every edit. */
  readonly #secrets = new Map<string, number>();
  readonly #scopes = new Map<string, Step & { kind: 'put' }>();
  config: Config;
  now = 0;

  constructor(shape: Shape) {
    this.rig = rig();
    this.config = configFrom(shape);
    this.#configure();
  }

  take(step: Step): void {
    const { builder, world } = this.rig;
    switch (step.kind) {
      case 'edit':
        this.#edit(step.shape);
        break;
      case 'put':
        this.#put(step);
        break;
      case 'fail':
        builder.touchServices(world.put(step.source, failure(step.scope), this.now));
        break;
      case 'secret':
        this.#secrets.set(step.name, step.version);
        builder.putSecret(step.name, tlsSecret(step.version));
        break;
      case 'build':
        builder.build(step.group, this.now);
        break;
      case 'wait':
        this.#wait(step.ms, step.settled);
        break;
      case 'sweep':
        builder.sweep();
    }
  }

  /** Everything known, everything built, nothing lingering. */
  settle(): void {
    for (const name of SECRETS) this.take({ kind: 'secret', name, version: this.#secrets.get(name) ?? 1 });
    for (const source of SOURCES) {
      this.take({ kind: 'put', source, scope: 'x', of: 'a', ids: [1] });
      // A scope that only ever failed would leave its services unknown.
      if (!this.#scopes.has(`${source} y`)) this.take({ kind: 'put', source, scope: 'y', of: 'a', ids: [] });
    }
    this.#buildAll();
    this.#wait(61_000, true);
    this.#buildAll();
  }

  /** The final state given to a world and a builder that have no past. */
  fresh(): Rig {
    const fresh = rig();
    fresh.configure(this.config);
    for (const put of this.#scopes.values()) fresh.world.put(put.source, told(put), this.now);
    for (const [name, version] of this.#secrets) fresh.builder.putSecret(name, tlsSecret(version));
    for (const name of this.config.groups.keys()) fresh.builder.build(name, this.now);
    return fresh;
  }

  /** What `other` holds, told from the last to the first, each once. */
  adopt(other: Life): void {
    for (const put of [...other.#scopes.values()].reverse()) this.#put(put);
    for (const [name, version] of [...other.#secrets].reverse()) this.take({ kind: 'secret', name, version });
    this.#buildAll();
    this.#wait(61_000, true);
    this.#buildAll();
  }

  #edit(shape: Shape): void {
    this.config = configFrom(shape);
    this.#configure();
  }

  #configure(): void {
    this.rig.configure(this.config);
    for (const [name, version] of this.#secrets) this.rig.builder.putSecret(name, tlsSecret(version));
  }

  #put(step: Step & { kind: 'put' }): void {
    const { builder, world } = this.rig;
    this.#scopes.set(`${step.source} ${step.scope}`, step);
    builder.touchServices(world.put(step.source, told(step), this.now));
  }

  #wait(ms: number, settled: boolean): void {
    this.now += ms;
    this.rig.builder.touchServices(this.rig.world.tick(this.now));
    this.rig.builder.release(this.now, () => settled);
  }

  #buildAll(): void {
    for (const name of this.config.groups.keys()) this.rig.builder.build(name, this.now);
  }
}

function told({ scope, of, ids }: Step & { kind: 'put' }): ScopeReport {
  return complete(scope, instances(of, ids), 'stated');
}

function configFrom({ services, secrets, routes, groups, line }: Shape): Config {
  return configOf({
    sources: SOURCES.map((name) => source(name)),
    secrets: SECRETS,
    services: services.map((one) => serviceFrom(one, line)),
    listeners: [listener('web'), listener('shop', secrets)],
    httpRoutes: routes.map(({ on, to }, index) => route(`r${index}`, on, to)),
    groups: groups.map(({ name, listeners }) => group(name, listeners, { allowEmpty: true })),
  });
}

function serviceFrom(shape: Shape['services'][number], line: number): Service {
  const { name, http2, priority, inline } = shape;
  const made = service(name, shape.from);
  return {
    ...made,
    origin: { ...made.origin, line },
    from: made.from.map((from) => ({ ...from, priority })),
    protocol: http2 ? 'http2' : 'http1',
    endpoints: inline.map(endpoint),
  };
}
