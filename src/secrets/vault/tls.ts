import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { VaultFault } from './fault.ts';
import type { OwnFiles } from './files.ts';
import type { VaultOptions } from './schema.ts';

/** Connections over TLS that are kept; a rotated certificate or CA is used from the next connection on. */
export interface TlsAgents {
  agent(): Promise<Agent>;
  close(): void;
}

const KEPT = { keepAlive: true, maxSockets: 8, timeout: 90_000 } as const;

export function createTlsAgents(tls: VaultOptions['tls'], files: OwnFiles): TlsAgents {
  const named = [tls?.ca, tls?.certificate, tls?.privateKey];
  let current: { readonly stamp: string; readonly agent: Agent } | undefined;
  const open = new Set<Agent>();
  const agent = async (): Promise<Agent> => {
    const stamp = (await Promise.all(named.map((file) => stampOf(file, files)))).join(' ');
    if (current?.stamp === stamp) return current.agent;
    const made = await createAgent(tls, files);
    // Calls that run on the old one end there, and its connections with their idle time.
    open.add(made);
    current = { stamp, agent: made };
    return made;
  };
  const close = (): void => {
    for (const one of open) one.destroy();
    open.clear();
    current = undefined;
  };
  return { agent, close };
}

/** A file that is gone for a moment is no reason to leave what was read of it. */
async function stampOf(file: string | undefined, files: OwnFiles): Promise<string> {
  return file === undefined ? '' : ((await files.stamp(file)) ?? 'missing');
}

async function createAgent(tls: VaultOptions['tls'], files: OwnFiles): Promise<Agent> {
  const read = async (file: string | undefined) => (file === undefined ? undefined : files.read(file));
  const [ca, cert, key] = [await read(tls?.ca), await read(tls?.certificate), await read(tls?.privateKey)];
  const secureContext = contextOf({
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
  const servername = tls?.serverName;
  return new Agent({
    ...KEPT,
    secureContext,
    rejectUnauthorized: true,
    ...(servername === undefined ? {} : { servername }),
  });
}

function contextOf(options: Parameters<typeof createSecureContext>[0]) {
  try {
    return createSecureContext(options);
  } catch {
    // The error of OpenSSL says less than this, and was made next to a key.
    throw new VaultFault(
      'refused',
      'tls.ca, tls.certificate and tls.privateKey: not PEM, or the key is not that of the certificate',
    );
  }
}
