import { testSource } from '../suite.ts';
import { startFakeConsul } from './fake-consul.ts';
import { createConsul } from './watching.ts';

for (const [name, tls] of [
  ['the consul source over HTTP', undefined],
  ['the consul source over HTTPS', {}],
] as const) {
  testSource(name, async () => {
    const fake = await startFakeConsul(tls === undefined ? {} : { tls });
    fake.registry.put('web', [
      { node: 'a', address: '10.0.0.1' },
      { node: 'b', address: '10.0.0.2' },
    ]);
    return {
      source: createConsul({
        address: fake.url,
        services: ['web'],
        ...(tls === undefined ? {} : { tls: { ca: fake.ca } }),
      }),
      addresses: ['10.0.0.1', '10.0.0.2'],
      break: async () => fake.script(() => ({ status: 500, body: 'rpc error' })),
      mend: async () => fake.script(undefined),
      close: fake.stop,
    };
  });
}
