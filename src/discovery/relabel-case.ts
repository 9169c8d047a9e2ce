const ASCII = /^[\0-\x7f]*$/;

/** Lower case one character at a time, as Go (so Prometheus) does it: no rule looks at neighbours. */
export function goLower(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  // Only U+0130 becomes two characters, of which the first is Go's.
  return Array.from(text, (char) => String.fromCodePoint(char.toLowerCase().codePointAt(0) ?? 0)).join('');
}

/** Upper case likewise: what would become several characters (`ß`) stays, or becomes its title form (`ᾳ`). */
export function goUpper(text: string): string {
  if (ASCII.test(text)) return text.toUpperCase();
  return Array.from(text, (char) => {
    const upper = char.toUpperCase();
    return Array.from(upper).length === 1 ? upper : titleForm(char);
  }).join('');
}

/** Greek letters with a small iota below have one with a large iota, 8 or 9 places on. */
function titleForm(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8);
  return [0x1fb3, 0x1fc3, 0x1ff3].includes(code) ? String.fromCodePoint(code + 9) : char;
}
