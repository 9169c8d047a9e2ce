/**
 * What a person or a rotation would do, for trying things out: puts a new version of a secret into
 * Secrets Manager at AWS_ENDPOINT_URL_SECRETS_MANAGER, by default http://127.0.0.1:5000.
 */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { PemConverter, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const [form = '', region = '', name = '', hostname = ''] = process.argv.slice(2);
const endpoint = process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? 'http://127.0.0.1:5000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const secretsManager = new SecretsManagerClient({ endpoint, region, credentials });

/** A certificate that signs itself, for a month. */
async function makePair(): Promise<{ certificate: string; privateKey: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: `CN=${hostname}`,
      notBefore: new Date(Date.now() - 120_000),
      notAfter: new Date(Date.now() + 30 * 86_400_000),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: hostname }])],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    privateKey: `${PemConverter.encode(key, 'PRIVATE KEY')}\n`,
  };
}

async function put(text: string): Promise<void> {
  const value = { SecretString: text };
  try {
    await secretsManager.send(new PutSecretValueCommand({ SecretId: name, ...value }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await secretsManager.send(new CreateSecretCommand({ Name: name, ...value }));
  }
}

switch (form) {
  case 'keys':
    await put(JSON.stringify({ accessKeyId: 'test', secretAccessKey: 'test' }));
    break;
  case 'pair':
  case 'bundle': {
    const { certificate, privateKey } = await makePair();
    await put(
      form === 'bundle'
        ? certificate + privateKey
        : JSON.stringify({ fullchain: certificate, key: privateKey }),
    );
    process.stdout.write(certificate);
    break;
  }
  default:
    process.stderr.write('usage: secrets.ts keys|pair|bundle <region> <name> [<hostname>]\n');
    process.exitCode = 2;
}
