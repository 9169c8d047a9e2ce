import 'reflect-metadata';
import { X509Crl } from '@peculiar/x509';
import { z } from 'zod';
import { tlsVaultRef } from '../../../src/secrets/vault/refs.ts';
import type { OpenBao } from '../../parts/openbao.ts';

const csrAnswer = z.object({ data: z.object({ csr: z.string() }) });
const certificateAnswer = z.object({ data: z.object({ certificate: z.string() }) });

/** PKI at `pki/`: an intermediate below a root at `root/`, with the role `web` for `*.example.com`. */
export async function mountPki(bao: OpenBao): Promise<void> {
  for (const path of ['root', 'pki'])
    await bao.call('POST', `sys/mounts/${path}`, { type: 'pki', config: { max_lease_ttl: '87600h' } });
  const key = { key_type: 'ec', key_bits: 256 };
  await bao.call('POST', 'root/root/generate/internal', { common_name: 'root', ttl: '80000h', ...key });
  const { csr } = csrAnswer.parse(
    await bao.call('POST', 'pki/intermediate/generate/internal', { common_name: 'issuing', ...key }),
  ).data;
  const signed = { csr, ttl: '70000h', format: 'pem_bundle' };
  const { certificate } = certificateAnswer.parse(
    await bao.call('POST', 'root/root/sign-intermediate', signed),
  ).data;
  await bao.call('POST', 'pki/intermediate/set-signed', { certificate });
  await putRole(bao, 'web', { key_type: 'ec', key_bits: 256, max_ttl: '72h' });
}

/** A role for names below example.com. */
export async function putRole(bao: OpenBao, name: string, more: Readonly<Record<string, unknown>>) {
  await bao.call('POST', `pki/roles/${name}`, {
    allowed_domains: ['example.com'],
    allow_subdomains: true,
    allowed_uri_sans: ['spiffe://example.com/*'],
    ...more,
  });
}

/** A certificate for three hours of the role `web`. */
export function issuedRef(more: Readonly<Record<string, unknown>> = {}) {
  const pki = { mount: 'pki', role: 'web', commonName: 'shop.example.com', ttl: '3h', ...more };
  return tlsVaultRef.parse({ pki });
}

/** As Vault writes them: `0a:1b:…`. */
export function revokedSerials(crl: string): readonly string[] {
  const { entries } = new X509Crl(crl);
  return entries.map(({ serialNumber }) => serialNumber.match(/../g)?.join(':') ?? '');
}
