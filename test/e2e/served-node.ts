import { TYPE_URL } from '../../src/xds/type-urls.ts';
import { until } from '../parts/until.ts';
import type { MadeCertificate } from '../secrets/certificates.ts';
import { encodeRequest, type GrpcStream } from './grpc-stream.ts';
import type { TwoGroups } from './two-groups.ts';

export const DELTA = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
export const FETCH_STATUS = '/envoy.service.status.v3.ClientStatusDiscoveryService/FetchClientStatus';
export const PERMISSION_DENIED = '7';
export const UNIMPLEMENTED = '12';
/** What an operator waits at most for a revocation to hold (P12). */
export const IN_TIME = { timeoutMs: 5000 };

/** A stream of that node that has been served the secret of its group. */
export async function served(
  groups: TwoGroups,
  certificate: MadeCertificate,
  id: string,
): Promise<GrpcStream> {
  const stream = groups.connect(certificate).stream(DELTA);
  stream.send(
    encodeRequest(DELTA, { node: { id }, typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ['*'] }),
  );
  let ended: string | undefined;
  void stream.status.then((status) => {
    ended = status;
  });
  await until('the secret', () => stream.messages.some((bytes) => groups.holdsKeyOf('red', bytes)), {
    hopeless: () => (ended === undefined ? undefined : new Error(`the stream ended with ${ended}`)),
  });
  return stream;
}

export const isUp = async (groups: TwoGroups, id: string): Promise<boolean> =>
  (await groups.replica.nodes()).nodes.some((node) => node.id === id);

/** With what the stream ended in the time that a revocation may take. */
export async function statusSoon(stream: GrpcStream): Promise<string> {
  let ended: string | undefined;
  void stream.status.then((status) => {
    ended = status;
  });
  return until('the stream to end', () => ended, IN_TIME);
}
