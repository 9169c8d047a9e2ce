import type { Endpoint } from '../endpoint.ts';
import { nodesView } from '../views.ts';

export const nodes: Endpoint = (app, { view }) => {
  app.get(
    '/v1/nodes',
    {
      schema: {
        summary: 'Connected nodes with what each runs and refused, and the nodes turned away',
        response: { 200: nodesView },
      },
    },
    async () => ({ nodes: view.nodes(), refused: view.refused() }),
  );
};
