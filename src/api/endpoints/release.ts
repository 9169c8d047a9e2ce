import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { notFound } from '../not-found.ts';
import { releaseView } from '../source-views.ts';
import { errorView } from '../views.ts';

export const release: Endpoint = (app, { actions }) => {
  app.post(
    '/v1/sources/:source/release',
    {
      schema: {
        summary: 'Accepts a held shrink: what the source last said of the scope is the truth',
        params: z.object({ source: z.string().min(1) }),
        body: z.strictObject({ scope: z.string().describe('As /v1/sources names it') }),
        response: { 200: releaseView, 400: errorView, 404: errorView, 415: errorView },
      },
    },
    async (request, reply) => {
      const looked = actions.release(request.params.source, request.body.scope);
      if ('unknown' in looked) return reply.code(404).send(notFound(looked.unknown));
      const { source, scope, instances, services, released } = looked.found;
      const by = { address: request.ip, agent: request.headers['user-agent']?.slice(0, 200) };
      const about = { action: 'source release', source, scope, by, released, instances, services };
      request.log.info(about, 'a held shrink was released by hand');
      return looked.found;
    },
  );
};
