import { defineFilter } from './filter.ts';
import { headerEdits, headersToAdd } from './header-edits.ts';

/** Gateway API's RequestHeaderModifier. */
export const requestHeaderModifier = defineFilter({
  name: 'requestHeaderModifier',
  schema: headerEdits.describe('Edits headers on the way to the upstream.'),
  route: (edits) => ({
    route: { requestHeadersToAdd: headersToAdd(edits), requestHeadersToRemove: edits.remove },
  }),
});
