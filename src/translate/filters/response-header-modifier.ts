import { defineFilter } from './filter.ts';
import { headerEdits, headersToAdd } from './header-edits.ts';

/** Gateway API's ResponseHeaderModifier. */
export const responseHeaderModifier = defineFilter({
  name: 'responseHeaderModifier',
  schema: headerEdits.describe('Edits headers on the way to the client.'),
  route: (edits) => ({
    route: { responseHeadersToAdd: headersToAdd(edits), responseHeadersToRemove: edits.remove },
  }),
});
