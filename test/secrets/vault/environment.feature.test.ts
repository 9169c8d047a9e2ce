import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeCa, makeCertificate } from '../certificates.ts';
import { TOKEN } from './failure.ts';
import { type FakeVault, startFakeVault, VALUE } from './fake-vault.ts';

const pair = await makeCertificate({ names: ['a.example.com'], issuer: await makeCa() });
const issued = { certificate: pair.chain, serial_number: '01:02', private_key: pair.privateKey };

let vault: FakeVault;
let decoy: FakeVault;
beforeEach(async () => {
  vault = await startFakeVault();
  decoy = await startFakeVault();
});
afterEach(async () => {
  await vault.stop();
  await decoy.stop();
});

const urlOf = (file: string) => JSON.stringify(pathToFileURL(file).href);

/** Reads a value and a certificate in a process of its own, and says what kind of parts they have. */
const script = (address: string) => `
  import { SecretBytes } from ${urlOf('src/secret-bytes.ts')};
  import { vaultStore } from ${urlOf('src/secrets/vault/index.ts')};
  const options = vaultStore.schema.parse({ address: '${address}', auth: { token: { secret: 'token' } } });
  const context = { name: 'vault', baseDir: '/', secret: () => SecretBytes.fromUtf8('${TOKEN}') };
  const store = vaultStore.create(options, context);
  const value = { mount: 'kv', path: 'shop', field: 'token', engine: 1 };
  const pki = { mount: 'pki', role: 'web', commonName: 'a.example.com' };
  for (const ref of [value, { pki }]) {
    const { parts } = await store.read(ref, AbortSignal.timeout(20000));
    console.log(Object.keys(parts).join());
  }
  await store.close();
`;

function run(code: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

test('P5: variables of the environment change nothing, and no debug output shows a secret', async () => {
  vault.script(({ path }) => ({ body: path.startsWith('pki/') ? { data: issued } : VALUE }));
  const output = await run(script(vault.url), {
    DEBUG: '*',
    VAULT_ADDR: decoy.url,
    VAULT_TOKEN: 'token-of-the-environment',
    VAULT_NAMESPACE: 'elsewhere',
    VAULT_PREFIX: 'v7',
    VAULT_SKIP_VERIFY: 'true',
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: decoy.url,
    HTTPS_PROXY: decoy.url,
    http_proxy: decoy.url,
    https_proxy: decoy.url,
    ALL_PROXY: decoy.url,
  });
  expect(output).toBe('value\ncertificate,privateKey\n');
  expect(decoy.requests).toEqual([]);
  expect(vault.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET kv/shop',
    'POST pki/issue/web',
  ]);
  for (const { headers } of vault.requests) {
    expect(headers['x-vault-token']).toBe(TOKEN);
    expect(headers).not.toHaveProperty('x-vault-namespace');
  }
});
