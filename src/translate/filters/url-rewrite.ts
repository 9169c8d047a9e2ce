import { z } from 'zod';
import type { PathMatch } from '../../model/route.ts';
import type { Message } from '../proto.ts';
import { defineFilter } from './filter.ts';
import { fullPath, type PathModifier, PREFIX_NEEDED, pathModifier, replacePrefix } from './path-modifier.ts';

const schema = z.strictObject({
  hostname: z.hostname().optional().describe('Host header that the upstream sees.'),
  path: pathModifier.optional().describe('Path that the upstream sees.'),
});

/** Gateway API's URLRewrite: what the upstream sees as host and path. */
export const urlRewrite = defineFilter({
  name: 'urlRewrite',
  schema: schema.describe('Changes host and path on the way to the upstream.'),
  route: ({ hostname, path }, context) => {
    const rewrite = path === undefined ? {} : rewritePath(path, context.match.path);
    if (rewrite === undefined) return { problem: PREFIX_NEEDED };
    return { action: { ...rewrite, ...(hostname === undefined ? {} : { hostRewriteLiteral: hostname }) } };
  },
});

function rewritePath(modifier: PathModifier, path: PathMatch): Message | undefined {
  if (modifier.type === 'ReplaceFullPath') return fullPath(modifier.replaceFullPath);
  return replacePrefix(path, modifier.replacePrefixMatch);
}
