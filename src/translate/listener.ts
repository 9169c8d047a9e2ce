import type { ChainPlan, ListenerPlan } from '../fleet/plan.ts';
import type { Listener } from '../model/config.ts';
import { connectionManager } from './connection-manager.ts';
import type { Message, Proto } from './proto.ts';
import type { BuildProblem } from './resource.ts';
import { downstreamTls } from './tls.ts';

export const LISTENER_TYPE = 'envoy.config.listener.v3.Listener';

const HCM_TYPE = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const TLS_INSPECTOR_TYPE = 'envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector';

/** Edge best practice: 32 KiB instead of Envoy's 1 MiB per connection. */
const CONNECTION_BUFFER_BYTES = 32_768;

export interface TranslatedListener {
  /** Undefined where not one chain is left: Envoy refuses a listener without any. */
  readonly message?: Message;
  /** Secrets that its chains name, sorted. */
  readonly secrets: readonly string[];
  readonly problems: readonly BuildProblem[];
}

/**
 * Holds nothing of routes, endpoints or secrets but their names, so their edits leave its bytes
 * equal. A chain all of whose certificates are missing is left out alone: connections for its names
 * are refused, the other names work.
 */
export function translateListener(
  plan: ListenerPlan,
  proto: Proto,
  hasSecret: (name: string) => boolean,
): TranslatedListener {
  const { listener } = plan;
  const filter = {
    name: 'envoy.filters.network.http_connection_manager',
    typedConfig: proto.any(HCM_TYPE, connectionManager(listener, proto)),
  };
  if (listener.tls === undefined) {
    return {
      message: listenerMessage(listener, { filterChains: [{ filters: [filter] }] }),
      secrets: [],
      problems: [],
    };
  }
  const chains = plan.chains.map((chain) => withPresentSecrets(chain, hasSecret));
  const problems = plan.chains.flatMap((chain) => missingSecrets(chain, listener, hasSecret));
  const served = chains.filter(({ secrets }) => secrets.length > 0);
  if (served.length === 0) return { secrets: [], problems: [...problems, noChain(listener)] };
  const tickets = listener.tls.sessionTicketKeys?.secret;
  const hasTickets = tickets !== undefined && hasSecret(tickets);
  const sessionTicketKeys = hasTickets ? tickets : undefined;
  const tls = tlsChains(listener, served, { filter, proto, sessionTicketKeys });
  const used = [...served.flatMap((chain) => chain.secrets), ...(hasTickets ? [tickets] : [])];
  const secrets = [...new Set(used)].sort();
  const noTickets = tickets === undefined || hasTickets ? [] : [missingTickets(listener, tickets)];
  return { message: listenerMessage(listener, tls), secrets, problems: [...problems, ...noTickets] };
}

function listenerMessage({ name, address, port }: Listener, chains: Message): Message {
  return {
    name,
    address: { socketAddress: { address, portValue: port } },
    perConnectionBufferLimitBytes: { value: CONNECTION_BUFFER_BYTES },
    ...chains,
  };
}

interface ChainParts {
  readonly filter: Message;
  readonly proto: Proto;
  readonly sessionTicketKeys: string | undefined;
}

function tlsChains(
  listener: Listener,
  chains: readonly ChainPlan[],
  { filter, proto, sessionTicketKeys }: ChainParts,
): Message {
  const filterChains = chains.map((chain) => ({
    name: chain.name,
    ...(chain.hostnames.length === 0 ? {} : { filterChainMatch: { serverNames: chain.hostnames } }),
    transportSocket: downstreamTls(listener, { certificates: chain.secrets, sessionTicketKeys }, proto),
    filters: [filter],
  }));
  const inspector = {
    name: 'envoy.filters.listener.tls_inspector',
    typedConfig: proto.any(TLS_INSPECTOR_TYPE, {}),
  };
  return { listenerFilters: [inspector], filterChains };
}

function withPresentSecrets(chain: ChainPlan, hasSecret: (name: string) => boolean): ChainPlan {
  return { ...chain, secrets: chain.secrets.filter(hasSecret) };
}

function missingSecrets(
  { name, secrets }: ChainPlan,
  { origin }: Listener,
  hasSecret: (name: string) => boolean,
): readonly BuildProblem[] {
  const missing = secrets.filter((secret) => !hasSecret(secret));
  const effect =
    missing.length === secrets.length
      ? `connections for ${name} are refused until then`
      : 'its other certificate serves alone';
  return missing.map((secret) => ({
    origin,
    path: 'tls.certificates',
    message: `secret "${secret}" could not be read yet; ${effect}`,
  }));
}

function missingTickets({ origin }: Listener, secret: string): BuildProblem {
  return {
    origin,
    path: 'tls.sessionTicketKeys',
    message: `secret "${secret}" could not be read yet; each proxy makes its own ticket keys until then`,
  };
}

function noChain({ origin, name }: Listener): BuildProblem {
  return {
    origin,
    path: 'tls',
    message: `listener "${name}" is left out: none of its certificates could be read yet`,
  };
}
