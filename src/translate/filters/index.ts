import { cors } from './cors.ts';
import { directResponse } from './direct-response.ts';
import type { Filter } from './filter.ts';
import { requestHeaderModifier } from './request-header-modifier.ts';
import { requestRedirect } from './request-redirect.ts';
import { responseHeaderModifier } from './response-header-modifier.ts';
import { urlRewrite } from './url-rewrite.ts';

/** All filters. The order is that of the HTTP filters in the chain and of the edits on a route. */
export const FILTERS: readonly Filter[] = [
  cors,
  requestHeaderModifier,
  responseHeaderModifier,
  requestRedirect,
  directResponse,
  urlRewrite,
];
