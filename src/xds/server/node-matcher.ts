import type { StreamStatus } from './options.ts';

interface StringMatcher {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly ignoreCase?: boolean;
}

export interface NodeMatcher {
  readonly nodeId?: StringMatcher;
  readonly nodeMetadatas?: readonly unknown[];
}

/**
 * Matchers are alternatives, and none means every node. What cannot be evaluated (a regular expression, a
 * metadata matcher) throws in words rather than match too much.
 */
export function compileMatchers(matchers: readonly NodeMatcher[]): (status: StreamStatus) => boolean {
  if (matchers.length === 0) return () => true;
  const tests = matchers.map(compileMatcher);
  return ({ stream }) => tests.some((test) => test(stream.node.id));
}

function compileMatcher(matcher: NodeMatcher): (id: string) => boolean {
  if ((matcher.nodeMetadatas ?? []).length > 0)
    throw new Error('node_metadatas is not served: match by node_id.');
  const { nodeId } = matcher;
  if (nodeId === undefined) return () => true;
  const fold = (text: string): string => (nodeId.ignoreCase === true ? text.toLowerCase() : text);
  const { exact, prefix, suffix, contains } = nodeId;
  if (exact !== undefined) return (id) => fold(id) === fold(exact);
  if (prefix !== undefined) return (id) => fold(id).startsWith(fold(prefix));
  if (suffix !== undefined) return (id) => fold(id).endsWith(fold(suffix));
  if (contains !== undefined) return (id) => fold(id).includes(fold(contains));
  throw new Error('node_id.safe_regex is not served: use exact, prefix, suffix or contains.');
}
