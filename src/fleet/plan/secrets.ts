import type { Config, Listener } from '../../model/config.ts';

/** The secrets that a listener names: its proxies are given these, and no others. */
export function listenerSecrets({ tls }: Listener): readonly string[] {
  if (tls === undefined) return [];
  const { certificates, sessionTicketKeys } = tls;
  return [...certificates, ...(sessionTicketKeys === undefined ? [] : [sessionTicketKeys])].map(
    ({ secret }) => secret,
  );
}

/** What the proxies of a group may have; empty where there is no such group. */
export function groupSecrets(config: Config, group: string): ReadonlySet<string> {
  const names = config.groups.get(group)?.listeners ?? [];
  const listeners = names.flatMap((name) => config.listeners.get(name) ?? []);
  return new Set(listeners.flatMap(listenerSecrets));
}
