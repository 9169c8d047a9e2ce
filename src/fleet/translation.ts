import type { Config, Service } from '../model/config.ts';
import type { Endpoint } from '../model/instance.ts';
import type { Origin } from '../model/origin.ts';
import type { CheckedSecret } from '../secrets/store.ts';

/** One xDS resource as the translation makes it: bytes, and the user's objects behind them. */
export interface BuiltResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Equal versions mean equal bytes. */
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly origins: readonly Origin[];
  /** Clusters it names: they must stand in the same snapshot. */
  readonly clusters: readonly string[];
  /** What was left out of it. */
  readonly problems?: readonly BuildProblem[] | undefined;
}

/** What only a build can see, about one object of the user's. */
export interface BuildProblem {
  readonly origin: Origin;
  readonly message: string;
}

/** The structure of one group: everything but the bytes of its cells. */
export interface Structure {
  readonly resources: readonly BuiltResource[];
  /** Services and secrets the group needs: each is a cell. */
  readonly services: readonly string[];
  readonly secrets: readonly string[];
  readonly problems: readonly BuildProblem[];
  /** Resources that could not be built: their last good form stays. */
  readonly failed: readonly { readonly typeUrl: string; readonly name: string }[];
}

/** The pure steps plan -> translate, handed in so that a build knows no Envoy type. */
export interface Translation {
  /** `knownSecrets`: secrets that were read at least once; a certificate never yet read leaves out its chain. */
  structure(config: Config, group: string, knownSecrets: ReadonlySet<string>): Structure;
  endpoints(service: Service, endpoints: readonly Endpoint[]): BuiltResource;
  secret(name: string, secret: CheckedSecret, origin: Origin): BuiltResource;
  /** Types of the xDS side that the builder must tell apart. */
  readonly types: {
    readonly cluster: string;
    readonly endpoints: string;
    readonly secret: string;
    readonly listener: string;
  };
}
