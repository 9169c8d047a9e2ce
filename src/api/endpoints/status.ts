import type { Endpoint } from '../endpoint.ts';
import { statusView } from '../views.ts';

export const status: Endpoint = (app, { view }) => {
  app.get(
    '/v1/status',
    {
      schema: {
        summary: 'Config, groups, sources, secrets and the state directory of this replica',
        response: { 200: statusView },
      },
    },
    async () => view.status(),
  );
};
