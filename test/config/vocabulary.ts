import { z } from 'zod';
import type { Vocabulary } from '../../src/config/vocabulary.ts';
import { FILTERS } from '../../src/translate/filters/index.ts';

const file = z.strictObject({ paths: z.array(z.string()).min(1) });

/** The real filters, and a small source and store. */
export const VOCABULARY: Vocabulary = {
  sources: new Map([['file', { schema: file }]]),
  secretStores: new Map([
    [
      'file',
      {
        schema: z.strictObject({}),
        refs: {
          tls: z.strictObject({ certificate: z.string(), privateKey: z.string() }),
          ca: z.strictObject({ certificates: z.string() }),
        },
      },
    ],
  ]),
  filters: new Map(FILTERS.map((filter) => [filter.name, { schema: filter.schema }])),
};
