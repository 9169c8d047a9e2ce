const ASCII = /^[\0-\x7f]*$/;

/** Lower case one character at a time, as Go (so Prometheus) does it: no rule looks at neighbours. */
export function goLower(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // Only U+0130 becomes two characters, of which the first is Go's.
  return Array.from(text, (char) => String.fromCodePoint(char.toLowerCase().codePointAt(0) ?? 0)).join('');
}

/** Upper case likewise: what would become several characters (`ß`) stays. */
export function goUpper(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  return Array.from(text, (char) => {
    const upper = char.toUpperCase();
    return Array.from(upper).length === 1 ? upper : char;
  }).join('');
}
