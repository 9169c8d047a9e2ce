import { z } from 'zod';
import type { ApiParts, Endpoint } from '../endpoint.ts';
import { redactResource } from '../redact.ts';
import { errorView, type SnapshotView, snapshotView } from '../views.ts';

export const snapshot: Endpoint = (app, parts) => {
  app.get(
    '/v1/groups/:name/snapshot',
    {
      schema: {
        summary: 'The resources that the nodes of a group are served, as canonical JSON without secrets',
        params: z.object({ name: z.string().min(1) }),
        querystring: z.object({
          type: z.string().optional().describe('One type only: `cluster`, `listener` … or a type URL'),
        }),
        response: { 200: snapshotView, 400: errorView, 404: errorView },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const typeUrl = typeUrlOf(request.query.type, parts);
      if (typeUrl === null) return reply.code(400).send(unknownType(parts));
      const found = parts.view.snapshot(name, typeUrl);
      if (found === undefined) return reply.code(404).send(unknownGroup(name, parts));
      return reply.send(present(found, typeUrl));
    },
  );
};

/** `undefined`: every type; `null`: a word that is none. */
function typeUrlOf(word: string | undefined, { typeUrls }: ApiParts): string | undefined | null {
  if (word === undefined || word.includes('/')) return word;
  return Object.hasOwn(typeUrls, word) ? typeUrls[word] : null;
}

function present(found: SnapshotView, typeUrl: string | undefined): SnapshotView {
  const resources = found.resources
    .filter(({ type }) => typeUrl === undefined || type === typeUrl)
    .map((entry) => ({ ...entry, resource: redactResource(entry.type, entry.resource) }));
  return { group: found.group, revision: found.revision, resources };
}

function unknownType({ typeUrls }: ApiParts) {
  const message = `unknown type; write one of ${Object.keys(typeUrls).join(', ')} or a type URL`;
  return { error: { code: 'unknown_type', message } };
}

function unknownGroup(name: string, { view }: ApiParts) {
  const groups = view.status().groups.map((group) => group.name);
  const message = groups.includes(name)
    ? `group ${JSON.stringify(name)} has no snapshot yet; /readyz says what is missing`
    : `no group ${JSON.stringify(name)}; the config has ${groups.length === 0 ? 'none' : groups.join(', ')}`;
  return { error: { code: 'not_found', message } };
}
