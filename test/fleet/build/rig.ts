import { Builder, type Publication } from '../../../src/fleet/build.ts';
import type { BuiltResource, Translation } from '../../../src/fleet/translation.ts';
import { World } from '../../../src/fleet/world.ts';
import type { Config } from '../../../src/model/config.ts';
import type { Origin } from '../../../src/model/origin.ts';
import { SecretBytes } from '../../../src/secret-bytes.ts';
import type { CheckedSecret } from '../../../src/secrets/store.ts';
import { createTranslation } from '../../../src/serve/translation.ts';
import { loadRegistry } from '../../../src/xds/proto/registry.ts';
import { sourceKinds } from '../fixtures.ts';

/** What a secret's bytes hold and nothing else may. */
export const MARKER = 'MARKER-PRIVATE-KEY';

export interface Rig {
  readonly world: World;
  readonly builder: Builder;
  readonly publications: readonly Publication[];
  /** `group` as the cache holds it: the publications one after the other. */
  published(group: string): Readonly<Record<string, string>>;
  /** `group` as the builder holds it. */
  held(group: string): Readonly<Record<string, string>>;
  /** Where each resource of `group` comes from. */
  origins(group: string): ReadonlyMap<string, readonly Origin[]>;
  configure(config: Config): void;
}

/** A builder over a world, without queue, state or sockets. */
export function rig(translation: Translation = createTranslation(loadRegistry())): Rig {
  const world = new World();
  const publications: Publication[] = [];
  let revision = 0;
  const nextRevision = (): number => {
    revision += 1;
    return revision;
  };
  const publish = (publication: Publication): void => void publications.push(publication);
  const builder = new Builder({ world, translation, publish, nextRevision });
  return {
    world,
    builder,
    publications,
    published: (group) => applied(publications.filter((one) => one.group === group)),
    held: (group) => printed(builder.resources(group)),
    origins: (group) => new Map([...builder.resources(group)].map((one) => [keyOf(one), one.origins])),
    configure(config) {
      builder.touchServices(world.configure(config, sourceKinds));
      builder.setConfig(config);
    },
  };
}

/** `type name` -> version and bytes, sorted. */
export function printed(resources: Iterable<BuiltResource>): Readonly<Record<string, string>> {
  const all = [...resources].map((one): [string, string] => [keyOf(one), textOf(one)]);
  return Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function applied(publications: readonly Publication[]): Readonly<Record<string, string>> {
  const held = new Map<string, BuiltResource>();
  for (const { set, remove } of publications) {
    for (const one of remove) held.delete(keyOf(one));
    for (const one of set) held.set(keyOf(one), one);
  }
  return printed(held.values());
}

function keyOf({ typeUrl, name }: { readonly typeUrl: string; readonly name: string }): string {
  return `${typeUrl.split('.').at(-1)} ${name}`;
}

function textOf({ version, bytes }: BuiltResource): string {
  return `${version} ${Buffer.from(bytes).toString('hex')}`;
}

/** A certificate pair as far as a build looks at it. */
export function tlsSecret(version: number): CheckedSecret {
  return {
    kind: 'tls',
    version: `v${version}`,
    certificateChain: Buffer.from(`certificate ${version}`),
    privateKey: SecretBytes.fromUtf8(`${MARKER} ${version}`),
    notAfter: 4_102_444_800_000,
    names: [],
  };
}
