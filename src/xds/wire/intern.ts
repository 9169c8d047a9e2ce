const MOST_TEXTS = 4096;
const LONGEST_TEXT = 256;
let texts = new Map<string, string>();

/** One copy of words that every node of a fleet sends: cluster, zone, version, features. Bounded. */
export function internText(text: string): string {
  if (text.length > LONGEST_TEXT) return text;
  const known = texts.get(text);
  if (known !== undefined) return known;
  if (texts.size >= MOST_TEXTS) texts = new Map();
  texts.set(text, text);
  return text;
}
