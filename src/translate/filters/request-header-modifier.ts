import { defineFilter } from './filter.ts';
import { headerEdits, headersToAdd } from './header-edits.ts';

/** Gateway API's RequestHeaderModifier. */
export const requestHeaderModifier = defineFilter({
  name: 'requestHeaderModifier',
  schema: headerEdits,
  route: (edits) => ({
    route: { requestHeadersToAdd: headersToAdd(edits), requestHeadersToRemove: edits.remove },
  }),
});
