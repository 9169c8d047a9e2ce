import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { notFound } from '../not-found.ts';
import { explainSecretView, secretsView } from '../secret-views.ts';
import { errorView } from '../views.ts';

export const secrets: Endpoint = (app, { view }) => {
  app.get(
    '/v1/secrets',
    {
      schema: {
        summary: 'Every secret with its store, version, end, reads and who is served; never a value',
        response: { 200: secretsView },
      },
    },
    async () => ({ secrets: view.secrets() }),
  );
  app.get(
    '/v1/explain/secret/:name',
    {
      schema: {
        summary: 'Where a secret comes from, who uses it, and which groups and nodes may have it',
        params: z.object({ name: z.string().min(1) }),
        response: { 200: explainSecretView, 404: errorView },
      },
    },
    async (request, reply) => {
      const looked = view.explainSecret(request.params.name);
      if ('unknown' in looked) return reply.code(404).send(notFound(looked.unknown));
      return looked.found;
    },
  );
};
