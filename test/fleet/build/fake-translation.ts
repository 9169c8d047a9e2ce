import { hash } from 'node:crypto';
import { MusterError } from '../../../src/errors.ts';
import { buildPlan } from '../../../src/fleet/plan.ts';
import type { BuiltResource, Translation } from '../../../src/fleet/translation.ts';
import type { Origin } from '../../../src/model/origin.ts';

export interface FakeTranslation extends Translation {
  /** `cluster a`, `listener web`: cannot be built. */
  readonly broken: Set<string>;
  /** Thrown by the next builds of structure. */
  failure: MusterError | undefined;
  /** Bytes of every cluster. */
  clusterBytes: number;
  structures: number;
  cells: string[];
}

/** A translation in words: what is in the bytes can be read, and parts of it can be broken. */
export function fakeTranslation(): FakeTranslation {
  const fake: FakeTranslation = {
    broken: new Set(),
    failure: undefined,
    clusterBytes: 10,
    structures: 0,
    cells: [],
    types: { cluster: 'cluster', endpoints: 'endpoints', secret: 'secret', listener: 'listener' },
    structure: (config, group, known) => structureOf(fake, config, group, known),
    endpoints(service, endpoints) {
      fake.cells.push(`endpoints ${service.name}`);
      const text = endpoints.map(({ address, health }) => `${address} ${health}`).join();
      return resource('endpoints', service.name, text, service.origin);
    },
    secret(name, secret, origin) {
      fake.cells.push(`secret ${name}`);
      return { ...resource('secret', name, `${name} ${secret.version}`, origin), version: secret.version };
    },
  };
  return fake;
}

function structureOf(
  fake: FakeTranslation,
  ...[config, group, known]: Parameters<Translation['structure']>
): ReturnType<Translation['structure']> {
  fake.structures += 1;
  if (fake.failure !== undefined) throw fake.failure;
  const { services, listeners, secrets } = buildPlan(config, group);
  const clusters = services.map(({ name, origin, protocol }) =>
    resource('cluster', name, protocol.padEnd(fake.clusterBytes), origin),
  );
  const tables = listeners.map(({ listener: { name, origin }, hosts }) => {
    const used = hosts.flatMap(({ routes }) => routes.flatMap(({ backends }) => backends));
    const named = [...new Set(used.map(({ service }) => service))];
    return { ...resource('routes', name, named.join(), origin), clusters: named };
  });
  const chains = listeners.map(({ listener: { name, origin, tls } }) => {
    const served = (tls?.certificates ?? []).map(({ secret }) => secret).filter((one) => known.has(one));
    return resource('listener', name, `${name} ${served.join()}`, origin);
  });
  const all = [...clusters, ...chains, ...tables];
  const broken = all.filter(({ typeUrl, name }) => fake.broken.has(`${typeUrl} ${name}`));
  return {
    resources: all.filter((one) => !broken.includes(one)),
    services: services.map(({ name }) => name),
    secrets,
    problems: broken.map(({ name, origins: [origin] }) => ({
      origin: originOf(origin),
      message: `${name} is broken`,
    })),
    failed: broken.map(({ typeUrl, name }) => ({ typeUrl, name })),
  };
}

function resource(typeUrl: string, name: string, text: string, origin: Origin): BuiltResource {
  const bytes = Buffer.from(text);
  return { typeUrl, name, version: hash('sha1', bytes), bytes, origins: [origin], clusters: [] };
}

function originOf(origin: Origin | undefined): Origin {
  if (origin === undefined) throw new MusterError('internal', 'every resource has an origin');
  return origin;
}
