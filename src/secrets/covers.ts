/**
 * The hostnames that no name of a certificate covers, as clients compare them: without regard to
 * case, `*` for exactly one label, at the start. Who asks for `*.example.com` needs just that name.
 */
export function uncovered(names: readonly string[], hostnames: readonly string[]): readonly string[] {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return hostnames.filter((hostname) => {
    const wanted = hostname.toLowerCase();
    const dot = wanted.indexOf('.');
    const wildcard = dot > 0 && !wanted.startsWith('*') ? `*${wanted.slice(dot)}` : wanted;
    return wanted !== '*' && !known.has(wanted) && !known.has(wildcard);
  });
}
