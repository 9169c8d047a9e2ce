import type { Endpoint } from '../model/instance.ts';
import type { Origin } from '../model/origin.ts';
import type { CheckedSecret } from '../secrets/store.ts';
import type { BuiltResource, Translation } from './translation.ts';
import type { World } from './world.ts';

interface EndpointCell {
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
    if (before?.endpoints === endpoints) return before.resource;
    const built = this.#translation.endpoints(service, endpoints);
    const resource = before?.resource.version === built.version ? before.resource : built;
    this.#endpoints.set(name, { endpoints, resource });
    return resource;
  }

  /** False while a source of the service has never been read. */
  isKnown(name: string): boolean {
    return this.#world.endpoints(name).known;
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

  /** Forgets the cells of services and secrets that the config no longer has. */
  retain(services: { has(name: string): boolean }, secrets: { has(name: string): boolean }): void {
    for (const name of this.#endpoints.keys()) if (!services.has(name)) this.#endpoints.delete(name);
    for (const name of this.#secrets.keys()) if (!secrets.has(name)) this.#secrets.delete(name);
  }
}
