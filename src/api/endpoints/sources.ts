import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { notFound } from '../not-found.ts';
import { sourcesView } from '../source-views.ts';
import { errorView } from '../views.ts';

const query = z.strictObject({
  source: z.string().min(1).optional().describe('This source alone'),
  limit: z.coerce.number().int().min(0).max(10_000).default(1_000).describe('Most scopes of each source'),
});

export const sources: Endpoint = (app, { view }) => {
  app.get(
    '/v1/sources',
    {
      schema: {
        summary: 'Every source with the state of its scopes: age, last error, next attempt, what is held',
        querystring: query,
        response: { 200: sourcesView, 400: errorView, 404: errorView },
      },
    },
    async (request, reply) => {
      const looked = view.sources(request.query);
      if ('unknown' in looked) return reply.code(404).send(notFound(looked.unknown));
      return { sources: looked.found };
    },
  );
};
