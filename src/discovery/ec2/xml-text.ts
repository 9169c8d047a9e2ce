export const SLASH = 47;
const QUOTE = 34;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Where the tag that begins at `start` ends; -1: not yet. A comment may hold `>`, and so may an attribute. */
export function tagEnd(text: string, start: number): number {
  if (text.startsWith('<!--', start)) {
    const end = text.indexOf('-->', start + 4);
    return end < 0 ? -1 : end + 2;
  }
  let end = text.indexOf('>', start);
  while (end >= 0 && isQuoted(text, start, end)) end = text.indexOf('>', end + 1);
  return end;
}

function isQuoted(text: string, start: number, end: number): boolean {
  let inside = false;
  for (let at = start; at < end; at += 1) {
    if (text.charCodeAt(at) === QUOTE) inside = !inside;
  }
  return inside;
}

/** The name of the tag whose first letter is at `start`. */
export function nameIn(text: string, start: number, end: number): string {
  let at = start;
  while (at < end && text.charCodeAt(at) > 32 && text.charCodeAt(at) !== SLASH) at += 1;
  return text.slice(start, at);
}

/** A text with its entities replaced; what is none stays as it is. */
export function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(#x[0-9a-fA-F]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}
