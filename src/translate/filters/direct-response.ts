import { z } from 'zod';
import { defineFilter } from './filter.ts';
import { headerValue, setHeader } from './header-edits.ts';

/** Envoy's default is 4 KiB; the route configuration raises it to this (`route.ts`). */
export const MAX_BODY_BYTES = 65_536;

const schema = z.strictObject({
  status: z.int().min(200).max(599).describe('Status code, 200 to 599.'),
  body: z
    .string()
    .refine((body) => Buffer.byteLength(body) <= MAX_BODY_BYTES, `a body has at most ${MAX_BODY_BYTES} bytes`)
    .optional()
    .describe('Text of the answer, at most 64 KiB. Default none.'),
  contentType: headerValue.min(1).optional().describe('Default text/plain.'),
});

/** Answers by itself; nothing goes upstream. */
export const directResponse = defineFilter({
  name: 'directResponse',
  schema: schema.describe('Answers at the proxy; nothing goes upstream.'),
  route: ({ status, body, contentType }) => ({
    answer: { directResponse: { status, ...(body === undefined ? {} : { body: { inlineString: body } }) } },
    ...(contentType === undefined
      ? {}
      : { route: { responseHeadersToAdd: [setHeader('content-type', contentType)] } }),
  }),
});
