/**
 * What a person or a rotation would do, for trying things out: puts a new version of a secret into
 * Secrets Manager at AWS_ENDPOINT_URL_SECRETS_MANAGER, by default http://127.0.0.1:5000.
 */
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { selfSigned } from '../self-signed.ts';

const [form = '', region = '', name = '', hostname = ''] = process.argv.slice(2);
const endpoint = process.env['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? 'http://127.0.0.1:5000';
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const secretsManager = new SecretsManagerClient({ endpoint, region, credentials });

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
    const { certificate, privateKey } = await selfSigned(hostname);
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
