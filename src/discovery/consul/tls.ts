import type { SecureContextOptions } from 'node:tls';
import { fileText } from '../own-text.ts';
import type { SourceContext } from '../source.ts';
import type { ConsulOptions } from './schema.ts';

export interface TlsFiles extends SecureContextOptions {
  readonly servername?: string;
}

const MAX_PEM_BYTES = 1024 * 1024;

/** Read for each connection, so that a rotated certificate is used from the next one on. */
export async function tlsFiles({ tls }: ConsulOptions, context: SourceContext): Promise<TlsFiles> {
  const read = async (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? undefined : fileText(file, context, MAX_PEM_BYTES);
  const [ca, cert, key] = [await read(tls?.ca), await read(tls?.certificate), await read(tls?.privateKey)];
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls?.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}
