import type { Config } from '../model/config.ts';
import { uncovered } from '../secrets/covers.ts';
import type { CheckedSecret } from '../secrets/store.ts';

/** Clients of these hostnames would refuse the certificate: one line for each listener that serves it for them. */
export function hostnameWarnings(
  config: Config | undefined,
  name: string,
  secret: CheckedSecret | undefined,
): readonly string[] {
  if (secret?.kind !== 'tls') return [];
  return [...(config?.listeners.values() ?? [])].flatMap((listener) => {
    const used = (listener.tls?.certificates ?? []).filter((one) => one.secret === name);
    const missing = uncovered(secret.names, [...new Set(used.flatMap(({ hostnames }) => hostnames))]);
    if (missing.length === 0) return [];
    const has =
      secret.names.length === 0 ? 'it has no DNS name' : `it is for ${secret.names.slice(0, 5).join(', ')}`;
    return [
      `the listener "${listener.name}" serves it for ${missing.join(', ')}, and ${has}: clients will refuse it`,
    ];
  });
}
