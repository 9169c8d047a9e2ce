import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { notFound } from '../not-found.ts';
import { instancesView } from '../source-views.ts';
import { errorView } from '../views.ts';

const query = z.strictObject({
  source: z.string().min(1).optional().describe('Of this source'),
  scope: z.string().optional().describe('Of this scope'),
  service: z.string().min(1).optional().describe('Those that this service selects'),
  // A page is made in one go, so it stays small enough for the streams beside it.
  limit: z.coerce.number().int().min(0).max(1_000).default(100).describe('Most instances of one answer'),
  offset: z.coerce.number().int().min(0).default(0).describe('How many are passed over'),
});

export const instances: Endpoint = (app, { view }) => {
  app.get(
    '/v1/instances',
    {
      schema: {
        summary: 'Instances as their sources see them, after relabelling, and why some are not served',
        querystring: query,
        response: { 200: instancesView, 400: errorView, 404: errorView },
      },
    },
    async (request, reply) => {
      const looked = view.instances(request.query);
      if ('unknown' in looked) return reply.code(404).send(notFound(looked.unknown));
      return looked.found;
    },
  );
};
