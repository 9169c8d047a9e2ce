import type { Endpoint } from '../endpoint.ts';
import { configProblemsView } from '../views.ts';

export const configProblems: Endpoint = (app, { view }) => {
  app.get(
    '/v1/config/problems',
    {
      schema: {
        summary: 'Why the newest edit was refused, with file and line; empty when the files are what runs',
        response: { 200: configProblemsView },
      },
    },
    async () => ({ problems: view.status().config.problems }),
  );
};
