/**
 * What the people who run Vault would do, for trying things out, in the Vault at VAULT_ADDR (by
 * default http://127.0.0.1:8200), whose root token is VAULT_TOKEN (by default `root`):
 * `setup.ts login <folder>` makes the policy, the AppRole and the PKI engine, and writes role-id and
 * secret-id into the folder; `setup.ts pair <path> <hostname>` puts a new certificate into KV.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { selfSigned } from '../self-signed.ts';

const address = process.env['VAULT_ADDR'] ?? 'http://127.0.0.1:8200';
const token = process.env['VAULT_TOKEN'] ?? 'root';

/** All that muster needs: to read the pairs, to look for new versions, to issue and to give back. */
const POLICY = `
path "secret/data/shop"     { capabilities = ["read"] }
path "secret/metadata/shop" { capabilities = ["read"] }
path "pki/issue/web"        { capabilities = ["update"] }
path "pki/revoke"           { capabilities = ["update"] }
`;

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${address}/v1/${path}`, {
    method,
    headers: { 'x-vault-token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? {} : JSON.parse(text);
}

async function field(answer: Promise<unknown>, name: string): Promise<string> {
  const { data } = (await answer) as { data: Record<string, string> };
  return data[name] ?? '';
}

async function login(folder: string): Promise<void> {
  await call('PUT', 'sys/policies/acl/muster', { policy: POLICY });
  await call('POST', 'sys/auth/approle', { type: 'approle' });
  await call('POST', 'auth/approle/role/muster', { token_policies: ['muster'], token_ttl: '1h' });
  await call('POST', 'sys/mounts/pki', { type: 'pki', config: { max_lease_ttl: '8760h' } });
  await call('POST', 'pki/root/generate/internal', { common_name: 'example root', ttl: '8760h' });
  const allowed = { allowed_domains: 'example.com', allow_subdomains: true };
  await call('POST', 'pki/roles/web', { ...allowed, key_type: 'ec', key_bits: 256, max_ttl: '72h' });
  const roleId = await field(call('GET', 'auth/approle/role/muster/role-id'), 'role_id');
  const secretId = await field(call('POST', 'auth/approle/role/muster/secret-id'), 'secret_id');
  await writeFile(join(folder, 'role-id'), roleId, { mode: 0o600 });
  await writeFile(join(folder, 'secret-id'), secretId, { mode: 0o600 });
}

async function pair(path: string, hostname: string): Promise<void> {
  const { certificate, privateKey } = await selfSigned(hostname);
  await call('POST', `secret/data/${path}`, { data: { fullchain: certificate, key: privateKey } });
  process.stdout.write(certificate);
}

const [what = '', first = '', second = ''] = process.argv.slice(2);
if (what === 'login' && first !== '') await login(first);
else if (what === 'pair' && second !== '') await pair(first, second);
else {
  process.stderr.write('usage: setup.ts login <folder> | setup.ts pair <path> <hostname>\n');
  process.exitCode = 2;
}
