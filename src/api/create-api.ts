import swagger from '@fastify/swagger';
import fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  LogController,
} from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { SecretBytes } from '../secret-bytes.ts';
import type { ApiParts } from './endpoint.ts';
import { ENDPOINTS } from './endpoints/index.ts';
import { refuse } from './guard.ts';

export interface ApiOptions extends ApiParts {
  /** pino's shape. */
  readonly logger: FastifyBaseLogger;
  /** muster's version, for the OpenAPI document. */
  readonly version: string;
  /** Asked for as a bearer token; without one only loopback Hosts are answered. */
  readonly token?: SecretBytes | undefined;
}

/** The HTTP API, ready for `listen` or `inject`; the caller closes it. */
export async function createApi(options: ApiOptions): Promise<FastifyInstance> {
  const app = fastify({
    loggerInstance: options.logger,
    // One line per change of state, not per request.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 64 * 1024,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    maxRequestsPerSocket: 10_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    http: { headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
  });
  // A form or plain text can be sent by any web page without asking first; JSON cannot.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  guard(app, options.token);
  answerErrors(app);
  await describe(app, options);
  return app;
}

async function describe(app: FastifyInstance, options: ApiOptions): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'muster',
        description: 'What a muster replica serves, to whom, and where it comes from.',
        version: options.version,
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(async (scope) => {
    for (const endpoint of ENDPOINTS) endpoint(scope.withTypeProvider(), options);
    scope.get('/openapi.json', { schema: { summary: 'This description' } }, async () => app.swagger());
  });
}

function guard(app: FastifyInstance, token: SecretBytes | undefined): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host, origin, authorization } = request.headers;
    const site = request.headers['sec-fetch-site'];
    const fetchSite = typeof site === 'string' ? site : undefined;
    const open = request.routeOptions.config.open === true;
    const refusal = refuse({ host, origin, authorization, fetchSite, open }, token);
    if (refusal === undefined) return;
    await reply.code(refusal.statusCode).send(errorBody(refusal.code, refusal.message));
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });
}

function answerErrors(app: FastifyInstance): void {
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).send(errorBody('not_found', 'no such page; /openapi.json lists them')),
  );
  app.setErrorHandler<FastifyError>(async (error, request, reply) => {
    const statusCode = error.statusCode ?? 500;
    if (statusCode === 415) return reply.code(415).send(errorBody('bad_request', JSON_ONLY));
    if (statusCode < 500) return reply.code(statusCode).send(errorBody('bad_request', error.message));
    request.log.error({ err: error }, 'an API request failed');
    return reply.code(500).send(errorBody('internal', 'muster failed to answer; its log says why'));
  });
}

const JSON_ONLY = 'send the body as JSON, with the header content-type: application/json';

function errorBody(code: string, message: string) {
  return { error: { code, message } };
}
