import type { Config } from '../../../src/model/config.ts';
import { complete, configOf, group, instances, listener, route, service, source } from '../fixtures.ts';
import { type FakeTranslation, fakeTranslation } from './fake-translation.ts';
import { type Rig, rig, tlsSecret } from './rig.ts';

/** `edge` serves a and b, `core` serves b alone, behind a certificate. */
export function config(over: Parameters<typeof configOf>[0] = {}): Config {
  return configOf({
    sources: [source('dc')],
    secrets: ['s1'],
    services: [service('a', ['dc']), service('b', ['dc'])],
    listeners: [listener('web'), listener('shop', ['s1'])],
    httpRoutes: [route('all', ['web'], ['a', 'b']), route('some', ['shop'], ['b'])],
    groups: [group('edge', ['web']), group('core', ['shop'])],
    ...over,
  });
}

export interface Bench extends Rig {
  readonly fake: FakeTranslation;
  report(of: string, ids: readonly number[]): readonly string[];
}

export function bench(first = config()): Bench {
  const fake = fakeTranslation();
  const made = rig(fake);
  made.configure(first);
  const report = (of: string, ids: readonly number[]) =>
    made.builder.touchServices(made.world.put('dc', complete(of, instances(of, ids), 'stated'), 0));
  return { ...made, fake, report };
}

/** All that is known, all that is built. */
export function built(): Bench {
  const made = bench();
  made.report('a', [1]);
  made.report('b', [2]);
  made.builder.putSecret('s1', tlsSecret(1));
  for (const name of ['edge', 'core']) made.builder.build(name, 0);
  return made;
}

export const names = (bench: Bench, name: string) => Object.keys(bench.held(name));
export const lastSet = (bench: Bench) =>
  bench.publications.at(-1)?.set.map(({ typeUrl, name }) => `${typeUrl} ${name}`);
