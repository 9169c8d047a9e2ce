import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { TestReplica } from '../e2e/replica.ts';
import { commandsOf } from './doc-commands.ts';

/** Where the examples expect their parts, and where a test has them. */
export interface Addresses {
  readonly consul?: string;
  readonly ec2?: string;
  readonly vault?: { readonly url: string; readonly token: string };
}

const DOCUMENTED = {
  consul: 'http://127.0.0.1:8500',
  ec2: 'http://127.0.0.1:5000',
  vault: 'http://127.0.0.1:8200',
} as const;

/** A text of an example for these parts; each address that is given must stand in it. */
export function forParts(text: string, { consul, ec2, vault }: Addresses): string {
  let moved = text;
  for (const [documented, own] of [
    [DOCUMENTED.consul, consul],
    [DOCUMENTED.ec2, ec2],
    [DOCUMENTED.vault, vault?.url],
  ] as const) {
    if (own !== undefined) moved = moved.replaceAll(documented, own);
  }
  return moved;
}

/** The commands of an example's README that act on its parts. */
export async function stepsOf(readme: string): Promise<readonly string[]> {
  const commands = commandsOf(await readFile(readme, 'utf8'), readme);
  return commands.map(({ text }) => text).filter((text) => /^(curl|node examples\/)/.test(text));
}

/** Runs one as it is written; rejects with what it printed when it fails. */
export function runStep(command: string, addresses: Addresses): Promise<string> {
  const text = forParts(command, addresses)
    .replace(/^curl/, 'curl --fail --silent --show-error')
    .replace(/^node /, `"${process.execPath}" `);
  const env = {
    ...process.env,
    ...(addresses.ec2 === undefined
      ? {}
      : { AWS_ENDPOINT_URL_EC2: addresses.ec2, AWS_ENDPOINT_URL_SECRETS_MANAGER: addresses.ec2 }),
    ...(addresses.vault === undefined
      ? {}
      : { VAULT_ADDR: addresses.vault.url, VAULT_TOKEN: addresses.vault.token }),
  };
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', text], { env }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
}

/** `port health` of each endpoint that a service has in the snapshot, in its order. */
export async function endpointsOf(replica: TestReplica, service: string): Promise<string> {
  const { resources } = await replica.snapshot('edge');
  const found = resources.find(
    ({ type, name }) => type.endsWith('ClusterLoadAssignment') && name === service,
  );
  const text = JSON.stringify(found?.resource ?? {});
  const parts = text.matchAll(/"portValue":(\d+)|"healthStatus":"(\w+)"/g);
  return [...parts].map(([, port, health]) => port ?? health).join(' ');
}
