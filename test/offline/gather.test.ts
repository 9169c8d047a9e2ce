import { describe, expect, it } from 'vitest';
import type { ScopeReport } from '../../src/discovery/source.ts';
import { NO_LOCALITY } from '../../src/model/instance.ts';
import { gather } from '../../src/offline/gather.ts';

const instance = (address: string) => ({
  id: address,
  address,
  ports: {},
  locality: NO_LOCALITY,
  health: 'HEALTHY' as const,
  labels: {},
});

async function* reports(signal: AbortSignal, ended: () => void): AsyncGenerator<ScopeReport> {
  yield { kind: 'complete', scope: 'a', instances: [instance('10.0.0.1')] };
  yield { kind: 'complete', scope: 'b', instances: [instance('10.0.0.2')] };
  yield { kind: 'failure', scope: 'c', error: new Error('c.yaml:3:1: not YAML') };
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  ended();
}

describe('gather', () => {
  it('takes every scope and failure, then ends the watch', async () => {
    let over = false;
    const source = {
      watch: (signal: AbortSignal) =>
        reports(signal, () => {
          over = true;
        }),
    };
    const { index, failures } = await gather(source, undefined, new AbortController().signal);
    expect([...index.all()].map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(failures).toEqual(['c.yaml:3:1: not YAML']);
    expect(over).toBe(true);
  });
});
