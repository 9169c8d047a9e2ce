import { hostname } from 'node:os';
import type { Snapshot } from '../snapshot.ts';
import { Pushes } from '../stream/push.ts';
import { createXdsStream } from '../stream/xds-stream.ts';
import { decodeDeltaRequest, decodeSotwRequest } from '../wire/decode.ts';
import type { XdsServerOptions } from './options.ts';
import type { ServerContext } from './server-context.ts';
import { createVisibility } from './withhold.ts';

/** What the server needs of the pure core: streams, requests, snapshots. */
export type XdsCore = Pick<ServerContext, 'createStream' | 'decode' | 'present' | 'watch' | 'visible'>;

export function createCore(options: XdsServerOptions): XdsCore {
  const { cache } = options;
  const pushes = new Pushes(options.identifier ?? hostname());
  return {
    createStream({ variant, typeUrl }, onEvent) {
      return createXdsStream({ variant: variant === 'delta' ? 'delta' : 'sotw', typeUrl, pushes, onEvent });
    },
    decode: (variant, message) =>
      variant === 'delta' ? decodeDeltaRequest(message) : decodeSotwRequest(message),
    present: (key): Snapshot | undefined => cache.get(key),
    watch: (key, onSnapshot) => cache.watch(key, onSnapshot),
    visible: createVisibility(options.serveType?.bind(options)),
  };
}
