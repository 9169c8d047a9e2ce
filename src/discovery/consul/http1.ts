import { Agent, request } from 'node:http';
import { Seats } from './seats.ts';
import { headerOf, type RawAnswer, type Transport, wholeBody } from './transport.ts';

/** SRC7: an agent takes 200 connections of one client by default, and others ask it too. */
const MAX_CONNECTIONS = 150;
/** For questions that are answered at once. */
const RESERVED = 4;

/** Plain HTTP: every open question holds a connection of its own. */
export function createHttp1(origin: URL): Transport {
  let agent = newAgent();
  const seats = new Seats(MAX_CONNECTIONS - RESERVED, () => {
    agent.destroy();
    agent = newAgent();
  });
  return {
    join: () => seats.take(),
    get: (path, { headers, signal }) =>
      new Promise<RawAnswer>((resolve, reject) => {
        // A connection would be opened all the same, and kept.
        signal.throwIfAborted();
        const asked = request(new URL(path, origin), { agent, headers, signal }, (response) => {
          wholeBody(response).then(
            (body) =>
              resolve({
                status: response.statusCode ?? 0,
                header: (name) => headerOf(response.headers, name),
                body,
              }),
            reject,
          );
        });
        asked.on('socket', (socket) => socket.setKeepAlive(true, 15_000));
        asked.on('error', reject);
        asked.end();
      }),
  };
}

function newAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS, maxFreeSockets: 8 });
}
