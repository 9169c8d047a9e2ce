import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import type { ReplicaView } from './ports.ts';

/** What the endpoints show. */
export interface ApiParts {
  readonly view: ReplicaView;
  readonly metrics: Registry;
  /** Short word -> type URL, for `?type=cluster`. */
  readonly typeUrls: Readonly<Record<string, string>>;
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
