/** A string with the colon after it (then it is a key), or a bracket; the text is known to be JSON. */
const TOKEN = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g;

/**
 * The value of a JSON text that names no key twice; undefined for everything else, which the YAML
 * parser then reads or refuses with a place. Twenty thousand instances take a hundredth of the
 * time here.
 */
export function parsePlainJson(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return repeatsKey(text) ? undefined : { value };
  } catch {
    return undefined; // YAML, or a mistake that the other parser names better.
  }
}

function repeatsKey(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, quoted, colon] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined && quoted !== undefined) {
      const key = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
      const keys = open.at(-1);
      if (keys?.has(key) === true) return true;
      keys?.add(key);
    }
  }
  return false;
}
