import type { Origin } from '../model/origin.ts';
import type { SecretBytes } from '../secret-bytes.ts';
import type { Message, Proto } from './proto.ts';
import { NO_REFERENCES, type TranslatedResource } from './resource.ts';

const SECRET_TYPE = 'envoy.extensions.transport_sockets.tls.v3.Secret';

/** A checked secret, as far as its bytes go (`secrets/store.ts` has the whole type). */
export type SecretMaterial =
  | { readonly kind: 'tls'; readonly certificateChain: Uint8Array; readonly privateKey: SecretBytes }
  | { readonly kind: 'ca'; readonly certificates: Uint8Array; readonly crl?: Uint8Array | undefined }
  | { readonly kind: 'sessionTicketKeys'; readonly keys: readonly SecretBytes[] }
  | { readonly kind: 'value'; readonly value: SecretBytes };

export interface NamedSecret {
  readonly name: string;
  readonly origin: Origin;
  /** Shown to proxies and people: an HMAC or a serial, never a bare hash of the secret. */
  readonly version: string;
  readonly material: SecretMaterial;
}

/**
 * One SDS resource, inline: certificate and key travel in one Secret (rule S3). The returned bytes
 * hold the key in the clear; they go to proxies only.
 */
export function secretResource(
  { name, origin, version, material }: NamedSecret,
  proto: Proto,
): TranslatedResource {
  return {
    typeUrl: `type.googleapis.com/${SECRET_TYPE}`,
    name,
    bytes: proto.encode(SECRET_TYPE, { name, ...secretFields(material) }),
    version,
    origins: [origin],
    needs: NO_REFERENCES,
    clusters: [],
  };
}

function secretFields(material: SecretMaterial): Message {
  switch (material.kind) {
    case 'tls':
      return {
        tlsCertificate: {
          certificateChain: inline(material.certificateChain),
          privateKey: inline(material.privateKey.reveal()),
        },
      };
    case 'ca':
      return {
        validationContext: {
          trustedCa: inline(material.certificates),
          ...(material.crl === undefined ? {} : { crl: inline(material.crl) }),
        },
      };
    case 'sessionTicketKeys':
      return { sessionTicketKeys: { keys: material.keys.map((key) => inline(key.reveal())) } };
    case 'value':
      return { genericSecret: { secret: inline(material.value.reveal()) } };
  }
}

function inline(bytes: Uint8Array): Message {
  return { inlineBytes: bytes };
}
