import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { ZodType } from 'zod';
import type { RelabelRule } from '../model/config.ts';
import type { ReplicaActions, ReplicaView } from './ports.ts';

/** What the endpoints show, and the little that they do. */
export interface ApiParts {
  readonly view: ReplicaView;
  readonly actions: ReplicaActions;
  readonly metrics: Registry;
  /** Short word -> type URL, for `?type=cluster`. */
  readonly typeUrls: Readonly<Record<string, string>>;
  /** The config's own schema of `sources.*.relabel`, for rules that are tried out. */
  readonly relabelRules: ZodType<readonly RelabelRule[]>;
}

export type ApiApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** One endpoint a file; `endpoints/index.ts` lists them. */
export type Endpoint = (app: ApiApp, parts: ApiParts) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token: what a load balancer asks. */
    readonly open?: boolean;
  }
}
