import type { Service } from '../model/config.ts';
import type { Endpoint } from '../model/instance.ts';
import type { Origin } from '../model/origin.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import { sameAssignment } from './same.ts';
import type { BuiltResource, Translation } from './translation.ts';
import type { World } from './world.ts';

interface EndpointCell {
  readonly service: Service;
  readonly endpoints: readonly Endpoint[];
  readonly resource: BuiltResource;
}

interface SecretCell {
  readonly secret: CheckedSecret;
  readonly resource: BuiltResource;
}

/**
 * One immutable resource per service's endpoints and per secret, made once for all groups that use
 * it. A cell whose bytes did not change keeps its identity, so that nothing behind it moves.
 */
export class Cells {
  readonly #world: World;
  readonly #translation: Translation;
  readonly #endpoints = new Map<string, EndpointCell>();
  readonly #secrets = new Map<string, SecretCell>();

  constructor(world: World, translation: Translation) {
    this.#world = world;
    this.#translation = translation;
  }

  /** undefined: the service is not in the config, or nothing at all is known of it yet. */
  endpoints(name: string): BuiltResource | undefined {
    const service = this.#world.service(name);
    if (service === undefined) return undefined;
    const { endpoints, known } = this.#world.endpoints(name);
    if (!known && endpoints.length === 0) return undefined;
    const before = this.#endpoints.get(name);
    if (before?.endpoints === endpoints && sameAssignment(before.service, service))
      return this.#moved(before, service);
    const built = this.#translation.endpoints(service, endpoints);
    const isSame = before?.resource.version === built.version && sameOrigin(before.resource, built);
    const resource = isSame ? before.resource : built;
    this.#endpoints.set(name, { service, endpoints, resource });
    return resource;
  }

  /** It was made in this life: what comes since then is newer than anything of before the start. */
  has(name: string): boolean {
    return this.#endpoints.has(name);
  }

  /** False while a source of the service has never been read. */
  isKnown(name: string): boolean {
    return this.#world.isServiceKnown(name);
  }

  /** Answers whether the cell changed. */
  putSecret(name: string, secret: CheckedSecret, origin: Origin): boolean {
    const before = this.#secrets.get(name);
    if (before?.secret.version === secret.version && before.secret.kind === secret.kind) return false;
    this.#secrets.set(name, { secret, resource: this.#translation.secret(name, secret, origin) });
    return true;
  }

  secret(name: string): BuiltResource | undefined {
    return this.#secrets.get(name)?.resource;
  }

  /** A new config: forgets the cells it has no use for; those of secrets know where they are written now. */
  retain(services: ReadonlyMap<string, unknown>, secrets: ReadonlyMap<string, { origin: Origin }>): void {
    for (const name of this.#endpoints.keys()) if (!services.has(name)) this.#endpoints.delete(name);
    for (const [name, { secret, resource }] of this.#secrets) {
      const origin = secrets.get(name)?.origin;
      if (origin === undefined) this.#secrets.delete(name);
      else this.#secrets.set(name, { secret, resource: { ...resource, origins: [origin] } });
    }
  }

  /** The same endpoints of a service that may stand on another line by now. */
  #moved({ endpoints, resource }: EndpointCell, service: Service): BuiltResource {
    if (sameOrigin(resource, { origins: [service.origin] })) return resource;
    const hasProblems = resource.problems !== undefined && resource.problems.length > 0;
    const moved = hasProblems
      ? this.#translation.endpoints(service, endpoints)
      : { ...resource, origins: [service.origin] };
    this.#endpoints.set(service.name, { service, endpoints, resource: moved });
    return moved;
  }
}

type Placed = Pick<BuiltResource, 'origins'>;

function sameOrigin({ origins: [a] }: Placed, { origins: [b] }: Placed): boolean {
  return a === b || (a?.object === b?.object && a?.file === b?.file && a?.line === b?.line);
}
