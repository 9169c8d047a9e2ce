import { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { notFound } from '../not-found.ts';
import { relabelView } from '../relabel-view.ts';
import { errorView } from '../views.ts';

export const relabel: Endpoint = (app, { view, relabelRules }) => {
  const body = z.strictObject({
    source: z.string().min(1),
    rules: relabelRules.describe("In Prometheus' shape, as in `sources.*.relabel`"),
    limit: z.int().min(0).max(1_000).default(20).describe('Most instances that are shown step by step'),
  });
  app.post(
    '/v1/relabel',
    {
      // 64 rules, each with the longest expression and replacement that the config takes.
      bodyLimit: 256 * 1024,
      schema: {
        summary: 'Dry run: what relabelling rules would do to what a source sees now; changes nothing',
        body,
        response: { 200: relabelView, 400: errorView, 404: errorView, 415: errorView },
      },
    },
    async (request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const looked = await view.relabel(request.body, gone.signal);
      if ('unknown' in looked) return reply.code(404).send(notFound(looked.unknown));
      return looked.found;
    },
  );
};
