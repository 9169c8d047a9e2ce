import { describe, expect, test } from 'vitest';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import { validateWithEnvoy } from '../parts/envoy.ts';
import { makeCa, makeCrl } from './certificates.ts';
import { pairCases } from './material-cases.ts';

const now = Date.now();
const cases = await pairCases(now);

describe('what the check accepts, a real Envoy loads (BAD12)', () => {
  test.for(cases.filter((one) => one.fault === undefined))('$name', async ({ certificate, privateKey }) => {
    const parts = {
      certificate: SecretBytes.fromUtf8(certificate),
      privateKey: SecretBytes.fromUtf8(privateKey),
    };
    const { secret } = checkMaterial('tls', { version: 'v', parts }, now);
    if (secret?.kind !== 'tls') return expect.unreachable();
    await validateWithEnvoy(
      bootstrap({ certificate: secret.certificateChain, privateKey: secret.privateKey.reveal() }),
    );
  });

  test.for(cases)('as it is: $name', async ({ certificate, privateKey, envoyTakesItRaw }) => {
    const raw = bootstrap({ certificate: Buffer.from(certificate), privateKey: Buffer.from(privateKey) });
    const taken = await validateWithEnvoy(raw).then(
      () => true,
      () => false,
    );
    expect(taken).toBe(envoyTakesItRaw);
  });

  test('a CA bundle with a revocation list', async () => {
    const ca = await makeCa();
    const other = await makeCa({ algorithm: 'ed25519', name: 'other' });
    const parts = {
      certificates: SecretBytes.fromUtf8(ca.certificate + other.certificate),
      crl: SecretBytes.fromUtf8(await makeCrl(ca)),
    };
    const { secret } = checkMaterial('ca', { version: 'v', parts }, now);
    const pair = cases[0];
    if (secret?.kind !== 'ca' || pair === undefined) return expect.unreachable();
    const validation = {
      trusted_ca: inline(secret.certificates),
      crl: inline(secret.crl ?? Buffer.alloc(0)),
    };
    const raw = { certificate: Buffer.from(pair.certificate), privateKey: Buffer.from(pair.privateKey) };
    await validateWithEnvoy(bootstrap(raw, validation));
  });
});

function bootstrap(pair: { certificate: Uint8Array; privateKey: Uint8Array }, validation?: object): object {
  const tls = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    common_tls_context: {
      tls_certificates: [
        { certificate_chain: inline(pair.certificate), private_key: inline(pair.privateKey) },
      ],
      ...(validation === undefined ? {} : { validation_context: validation }),
    },
  };
  const proxy = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    stat_prefix: 'x',
    cluster: 'x',
  };
  const chain = {
    transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: tls },
    filters: [{ name: 'envoy.filters.network.tcp_proxy', typed_config: proxy }],
  };
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  const cluster = { name: 'x', type: 'STATIC', load_assignment: { cluster_name: 'x' } };
  return {
    static_resources: { listeners: [{ name: 'x', address, filter_chains: [chain] }], clusters: [cluster] },
  };
}

function inline(bytes: Uint8Array): object {
  return { inline_bytes: Buffer.from(bytes).toString('base64') };
}
