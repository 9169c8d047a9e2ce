import type { Listener, TlsVersion } from '../model/config.ts';
import { ADS, type Message, type Proto } from './proto.ts';

const DOWNSTREAM_TLS_TYPE = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';

/** TlsParameters.TlsProtocol */
const TLS_PROTOCOL: Readonly<Record<TlsVersion, number>> = { '1.2': 3, '1.3': 4 };

/** Names of the secrets that a chain uses: those that could be read. */
export interface TlsSecrets {
  readonly certificates: readonly string[];
  readonly sessionTicketKeys: string | undefined;
}

/** Secrets come by SDS over ADS, by name; the bytes of the config source never change (rule S4). */
export function downstreamTls(
  { tls }: Listener,
  { certificates, sessionTicketKeys }: TlsSecrets,
  proto: Proto,
): Message {
  const context = {
    commonTlsContext: {
      tlsParams: {
        tlsMinimumProtocolVersion: TLS_PROTOCOL[tls?.minVersion ?? '1.2'],
        tlsMaximumProtocolVersion: TLS_PROTOCOL[tls?.maxVersion ?? '1.3'],
      },
      tlsCertificateSdsSecretConfigs: certificates.map(bySds),
      alpnProtocols: tls?.alpn ?? [],
    },
    ...(sessionTicketKeys === undefined
      ? {}
      : { sessionTicketKeysSdsSecretConfig: bySds(sessionTicketKeys) }),
  };
  return { name: 'envoy.transport_sockets.tls', typedConfig: proto.any(DOWNSTREAM_TLS_TYPE, context) };
}

function bySds(name: string): Message {
  return { name, sdsConfig: ADS };
}
