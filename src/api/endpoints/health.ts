import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { readinessView } from '../views.ts';

export const health: Endpoint = (app, { view }) => {
  app.get(
    '/healthz',
    {
      config: { open: true },
      schema: {
        summary: 'The process answers',
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      config: { open: true },
      schema: {
        summary: 'Every group has a snapshot; 503 with the reasons until then',
        response: { 200: readinessView, 503: readinessView },
      },
    },
    async (_request, reply) => {
      const readiness = view.ready();
      return reply.code(readiness.ready ? 200 : 503).send(readiness);
    },
  );
};
