import { expect, onTestFinished, test } from 'vitest';
import { errorText } from '../../src/errors.ts';
import { until } from '../parts/until.ts';
import { certificateOf, derOf, type Handshake } from './parts.ts';
import { startProxy } from './proxy.ts';
import { startReplica } from './replica.ts';
import { HOST, startSourced } from './sourced.ts';
import { createWorkspace } from './workspace.ts';

const ROTATIONS = 200;
const CLIENTS = 4;

interface Shown {
  /** In the order in which they were first shown, by base64 DER. */
  readonly certificates: Set<string>;
  readonly failures: string[];
  handshakes: number;
}

/** New TLS connections, one after the other from each client, until the end; what each was shown. */
function handshakes(to: Handshake): { readonly shown: Shown; stop(): Promise<void> } {
  const shown: Shown = { certificates: new Set(), failures: [], handshakes: 0 };
  let running = true;
  const client = async (): Promise<void> => {
    while (running) {
      try {
        shown.certificates.add(await certificateOf(to));
      } catch (error) {
        shown.failures.push(errorText(error));
      }
      shown.handshakes += 1;
    }
  };
  const clients = Array.from({ length: CLIENTS }, client);
  return {
    shown,
    stop: async () => {
      running = false;
      await Promise.all(clients);
    },
  };
}

test(`P6: ${ROTATIONS} rotations under new TLS connections: none fails, each certificate is seen, the old before the new`, async () => {
  const workspace = await createWorkspace();
  const sourced = await startSourced(workspace);
  const { pair } = sourced;
  await sourced.write([sourced.ports[0]]);
  const expected = [derOf((await pair.rotate()).chain)];
  const replica = await startReplica(workspace);
  const envoy = await startProxy({ xds: [replica.xdsPort] });
  await envoy.ready();
  const to = { port: sourced.https, servername: HOST, ca: pair.ca };
  await until('the first certificate', () => certificateOf(to));
  const load = handshakes(to);
  onTestFinished(() => load.stop());
  for (let rotation = 1; rotation <= ROTATIONS; rotation += 1) {
    const next = derOf((await pair.rotate()).chain);
    expected.push(next);
    await until(`certificate ${rotation}`, () => load.shown.certificates.has(next));
  }
  await load.stop();
  const { certificates, failures, handshakes: count } = load.shown;
  expect(failures).toEqual([]);
  expect([...certificates]).toEqual(expected);
  expect(count).toBeGreaterThan(ROTATIONS * 2);
  expect(await replica.metrics()).toMatch(/^muster_xds_answers_total\{type="secret",answer="ack"\} 2\d\d$/m);
}, 120_000);
