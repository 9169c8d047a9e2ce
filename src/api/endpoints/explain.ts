import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { explainView } from '../explain-view.ts';
import { notFound } from '../not-found.ts';
import { errorView } from '../views.ts';

const query = z.strictObject({
  limit: z.coerce.number().int().min(0).max(1_000).default(100).describe('Most endpoints of one answer'),
});

export const explain: Endpoint = (app, { view }) => {
  app.get(
    '/v1/explain/service/:name',
    {
      schema: {
        summary: 'Where the endpoints of a service come from and why, and what was not chosen',
        params: z.object({ name: z.string().min(1) }),
        querystring: query,
        response: { 200: explainView, 400: errorView, 404: errorView },
      },
    },
    async (request, reply) => {
      const looked = view.explain({ service: request.params.name, ...request.query });
      if ('unknown' in looked) return reply.code(404).send(notFound(looked.unknown));
      return looked.found;
    },
  );
};
