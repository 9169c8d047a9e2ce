import { readFileSync } from 'node:fs';
import type { Envoy } from '../parts/envoy.ts';
import { type Echo, type EchoOptions, startEcho } from '../parts/http.ts';
import { freePort } from '../parts/ports.ts';
import { type Answer, type RequestSpec, requestOnce } from '../parts/requests.ts';
import { configFrom } from './config.ts';
import { startEnvoyWith, type WithOptions } from './envoy-with.ts';

export interface GoldenEnvoy {
  /** One request to the listener `web`; the URL is filled in. */
  ask(path: string, spec?: Omit<RequestSpec, 'url'>): Promise<Answer>;
  /** The same, and what the upstream saw of it. */
  seen(path: string, spec?: Omit<RequestSpec, 'url'>): Promise<Echo>;
  readonly port: number;
  readonly envoy: Envoy;
  stop(): Promise<void>;
}

/**
 * Runs the input of a golden pair in a real Envoy. Every port 900x of the input becomes an echo
 * upstream of that name; the listener takes a free port.
 */
export async function startGolden(
  name: string,
  answers: Readonly<Record<string, EchoOptions['answer']>> = {},
  options: WithOptions = {},
): Promise<GoldenEnvoy> {
  const input = readFileSync(`${import.meta.dirname}/${name}.in.yaml`, 'utf8');
  const ports = [...new Set(input.match(/\b900\d\b/g))];
  const upstreams = await Promise.all(
    ports.map((port) =>
      startEcho({ name: port, ...(answers[port] === undefined ? {} : { answer: answers[port] }) }),
    ),
  );
  const stopUpstreams = async (): Promise<void> => {
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  };
  const real = ports.reduce(
    (text, port, index) => text.replaceAll(`:${port}`, `:${upstreams[index]?.port}`),
    input.replace('port: 10000', `port: ${await freePort()}`),
  );
  try {
    const running = await startEnvoyWith(configFrom(real), options);
    const port = await running.port('web');
    const ask: GoldenEnvoy['ask'] = (path, spec = {}) =>
      requestOnce({ url: `http://127.0.0.1:${port}${path}`, ...spec });
    const stop = async (): Promise<void> => {
      await running.stop();
      await stopUpstreams();
    };
    return {
      ask,
      seen: async (path, spec) => echoOf(await ask(path, spec)),
      port,
      envoy: running.envoy,
      stop,
    };
  } catch (error) {
    await stopUpstreams();
    throw error;
  }
}

export function echoOf(answer: Answer): Echo {
  if (answer.status !== 200) throw new Error(`expected an echo, got ${answer.status}: ${answer.body}`);
  // The border: the body of our own echo upstream.
  return JSON.parse(answer.body) as Echo;
}
