import type { Vocabulary } from '../config/vocabulary.ts';
import { SOURCES } from '../discovery/index.ts';
import { SECRET_STORES } from '../secrets/index.ts';
import { FILTERS } from '../translate/filters/index.ts';

/** What the registries add to the language of the config. */
export const VOCABULARY: Vocabulary = {
  sources: new Map(Object.entries(SOURCES)),
  secretStores: new Map(Object.entries(SECRET_STORES)),
  filters: new Map(FILTERS.map((filter) => [filter.name, filter])),
};
