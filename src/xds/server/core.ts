import type { Snapshot } from '../snapshot.ts';
import { decodeDeltaRequest, decodeSotwRequest } from '../wire/decode.ts';
import type { XdsServerOptions } from './options.ts';
import type { ServerContext } from './server-context.ts';
import { createVisibility } from './withhold.ts';

/** What the server needs of the pure core: streams, requests, snapshots. */
export type XdsCore = Pick<ServerContext, 'createStream' | 'decode' | 'present' | 'watch' | 'visible'>;

export function createCore(options: XdsServerOptions): XdsCore {
  const { cache } = options;
  return {
    createStream: () => {
      throw new Error('the core is not here yet');
    },
    decode: (variant, message) =>
      variant === 'delta' ? decodeDeltaRequest(message) : decodeSotwRequest(message),
    present: (key): Snapshot | undefined => cache.get(key),
    watch: (key, onSnapshot) => cache.watch(key, onSnapshot),
    visible: createVisibility(options.serveType?.bind(options)),
  };
}
