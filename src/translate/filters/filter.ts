import type { ZodType } from 'zod';
import type { Listener } from '../../model/config.ts';
import type { HttpMatch } from '../../model/route.ts';
import type { Message, PackedAny, Proto } from '../proto.ts';

/** One feature that a route can switch on: a line of `filters/index.ts`. */
export interface Filter {
  /** The key in the user's `filters`: `- cors: { ... }`. */
  readonly name: string;
  /** Of the value under that key. Its output is what `route` gets. */
  readonly schema: ZodType;
  /**
   * Stands in every listener's chain, disabled; a route's own config (`perFilter`) enables it there.
   * Constant, so that no route edit touches a listener (design: make before break, point 6).
   */
  readonly httpFilter?: HttpFilter | undefined;
  /** What the filter adds to one route. `config` passed `schema`. Pure. */
  route(config: unknown, context: RouteContext): RouteEdit;
}

export interface HttpFilter {
  /** Also the key of the per-route config. */
  readonly name: string;
  /** Full name of the config's message type. */
  readonly type: string;
  readonly config: Message;
}

export interface RouteContext {
  readonly proto: Proto;
  readonly listener: Listener;
  /** Of the virtual host: exact, `*.example.com` or `*`. */
  readonly hostname: string;
  readonly match: HttpMatch;
}

/** Lists of several filters are joined, other fields must not meet. */
export interface RouteEdit {
  /** Fields of envoy.config.route.v3.Route. */
  readonly route?: Message;
  /** Fields of envoy.config.route.v3.RouteAction. */
  readonly action?: Message;
  /** The route answers by itself instead of forwarding: `{ redirect }` or `{ directResponse }`. */
  readonly answer?: Message;
  readonly perFilter?: Readonly<Record<string, PackedAny>>;
  /** Requests that the route takes besides those of its own match. */
  readonly alsoMatch?: HttpMatch;
  /** Why this filter cannot work on this route. The route then answers 500. */
  readonly problem?: string;
}

interface FilterDefinition<Config> extends Omit<Filter, 'schema' | 'route'> {
  readonly schema: ZodType<Config>;
  route(config: Config, context: RouteContext): RouteEdit;
}

/** Ties `route` to the output of its own schema. */
export function defineFilter<Config>(definition: FilterDefinition<Config>): Filter {
  // The border: FilterUse.config is unknown by type, and config parsed it with this very schema.
  return { ...definition, route: (config, context) => definition.route(config as Config, context) };
}
