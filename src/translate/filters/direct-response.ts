import { z } from 'zod';
import { defineFilter } from './filter.ts';
import { headerValue, setHeader } from './header-edits.ts';

/** Envoy's default is 4 KiB; the route configuration raises it to this (`route.ts`). */
export const MAX_BODY_BYTES = 65_536;

const schema = z.strictObject({
  status: z.int().min(200).max(599),
  body: z
    .string()
    .refine((body) => Buffer.byteLength(body) <= MAX_BODY_BYTES, `a body has at most ${MAX_BODY_BYTES} bytes`)
    .optional(),
  contentType: headerValue.min(1).optional(),
});

/** Answers by itself; nothing goes upstream. */
export const directResponse = defineFilter({
  name: 'directResponse',
  schema,
  route: ({ status, body, contentType }) => ({
    answer: { directResponse: { status, ...(body === undefined ? {} : { body: { inlineString: body } }) } },
    ...(contentType === undefined
      ? {}
      : { route: { responseHeadersToAdd: [setHeader('content-type', contentType)] } }),
  }),
});
