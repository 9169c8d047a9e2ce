import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';

export const metricsEndpoint: Endpoint = (app, { metrics }) => {
  app.get(
    '/metrics',
    {
      schema: {
        summary: 'Metrics in the Prometheus text format',
        response: { 200: z.string() },
        produces: ['text/plain'],
      },
      // The text is ready as it is: JSON would quote it.
      serializerCompiler: () => (text) => String(text),
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  );
};
