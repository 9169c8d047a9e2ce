import { hash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SecretConfig, SecretKind } from '../../src/model/config.ts';
import { createSealedOnDisk } from '../../src/sealed/on-disk.ts';
import { deriveSealKeys, fileNameOf } from '../../src/sealed/seal-keys.ts';
import type { RestoredSecrets, SealedSecrets } from '../../src/sealed/sealed-secrets.ts';
import { SecretBytes } from '../../src/secret-bytes.ts';
import { checkMaterial } from '../../src/secrets/material.ts';
import type { CheckedSecret } from '../../src/secrets/store.ts';
import { makeCertificate } from '../secrets/certificates.ts';

export const NOW = Date.now();
export const DAY = 86_400_000;
export const KEY = new SecretBytes(randomBytes(32));

export function secretConfig(name: string, kind: SecretKind = 'value', ref: unknown = { path: name }) {
  const config: SecretConfig = { name, kind, store: 'vault', ref, origin: { object: `secrets/${name}` } };
  return config;
}

export function value(text: string, version = hash('sha256', text)): CheckedSecret {
  return { kind: 'value', version, value: SecretBytes.fromUtf8(text) };
}

/** A pair that ends in so many days. */
export async function pair(days: number): Promise<CheckedSecret> {
  const { chain, privateKey } = await makeCertificate({ names: ['a.example.com'], days });
  const parts = { certificate: SecretBytes.fromUtf8(chain), privateKey: SecretBytes.fromUtf8(privateKey) };
  return known(checkMaterial('tls', { version: 'v1', parts }, NOW).secret);
}

export function known<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('it is there');
  return found;
}

export interface SealedFolder {
  readonly stateDir: string;
  /** Of the sealed files. */
  readonly dir: string;
  /** Where the secret of this name is. */
  file(name: string): string;
  /** What was told of writing, in order. */
  readonly told: (string | undefined)[];
  /** Another life over the same folder. */
  open(key?: SecretBytes): SealedSecrets;
  /** The texts that a life after this would serve, and its problems. */
  restored(wanted: readonly SecretConfig[], now?: number, key?: SecretBytes): Promise<Restored>;
}

export interface Restored extends Pick<RestoredSecrets, 'problems'> {
  readonly texts: Readonly<Record<string, string>>;
}

export async function sealedFolder(): Promise<SealedFolder> {
  const stateDir = await mkdtemp(join(tmpdir(), 'muster-sealed-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const dir = join(stateDir, 'sealed');
  const told: (string | undefined)[] = [];
  const open = (key = KEY): SealedSecrets =>
    createSealedOnDisk({ stateDir, key, onProblem: (problem) => told.push(problem), writeBehindMs: 0 });
  const restored: SealedFolder['restored'] = async (wanted, now = NOW, key = KEY) => {
    const life = open(key);
    const { secrets, problems } = await life.load(wanted, now);
    await life.close();
    return { problems, texts: Object.fromEntries([...secrets].map(([name, one]) => [name, textOf(one)])) };
  };
  const file = (name: string): string => join(dir, fileNameOf(deriveSealKeys(KEY), name));
  return { stateDir, dir, file, told, open, restored };
}

export function textOf(secret: CheckedSecret): string {
  return secret.kind === 'value' ? Buffer.from(secret.value.reveal()).toString('utf8') : secret.version;
}
