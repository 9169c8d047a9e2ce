import { Client, credentials } from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { TYPE_URL } from '../../../src/xds/type-urls.ts';
import { until } from '../../parts/until.ts';
import { DELTA, NODE, startServer } from './fixture.ts';

const CSDS = '/envoy.service.status.v3.ClientStatusDiscoveryService';
const registry = loadRegistry();

function ask(port: number, request: object): Promise<unknown> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const encode = (message: object): Buffer =>
    Buffer.from(registry.encode('envoy.service.status.v3.ClientStatusRequest', message));
  const decode = (bytes: Buffer): unknown => {
    const type = 'envoy.service.status.v3.ClientStatusResponse';
    return registry.toJson(type, registry.decode(type, bytes));
  };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(`${CSDS}/FetchClientStatus`, encode, decode, request, (error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}

describe('C1 client status', () => {
  it('shows per node and type what was ACKed, refused or is still unanswered; never contents', async () => {
    const { client, port, server } = await startServer({ authorizeStatus: () => true });
    const stream = client().stream(DELTA);
    stream.send({ node: NODE, typeUrl: TYPE_URL.cluster });
    stream.send({ typeUrl: TYPE_URL.cluster, responseNonce: (await stream.next()).nonce });
    stream.send({ typeUrl: TYPE_URL.listener });
    const { nonce } = await stream.next();
    stream.send({ typeUrl: TYPE_URL.listener, responseNonce: nonce, errorDetail: { message: 'no port' } });
    stream.send({ typeUrl: TYPE_URL.secret, resourceNamesSubscribe: ['secret-1'] });
    await stream.next();
    await until(
      'all three',
      () =>
        server
          .streams()[0]
          ?.types.map(({ status }) => status)
          .join() === 'SYNCED,ERROR,STALE',
    );

    const answer = await ask(port, { nodeMatchers: [{ nodeId: { exact: 'n1' } }] });
    expect(answer).toMatchObject({
      config: [
        {
          node: { id: 'n1', cluster: 'edge' },
          genericXdsConfigs: [
            { typeUrl: TYPE_URL.cluster, configStatus: 'SYNCED' },
            { typeUrl: TYPE_URL.listener, configStatus: 'ERROR', errorState: { details: 'no port' } },
            { typeUrl: TYPE_URL.secret, configStatus: 'STALE' },
          ],
        },
      ],
    });
    expect(await ask(port, { nodeMatchers: [{ nodeId: { exact: 'other' } }] })).toEqual({});
  });

  it('is for those alone whom the owner lets in', async () => {
    const { port } = await startServer({ authorizeStatus: (peer) => !peer.loopback });
    await expect(ask(port, {})).rejects.toMatchObject({ code: 12 });
  });

  it('refuses a matcher that it cannot evaluate', async () => {
    const { port } = await startServer({ authorizeStatus: () => true });
    await expect(ask(port, { nodeMatchers: [{ nodeMetadatas: [{}] }] })).rejects.toMatchObject({ code: 3 });
  });
});
