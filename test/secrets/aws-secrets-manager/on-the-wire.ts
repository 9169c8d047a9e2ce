import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import { valueRef } from '../../../src/secrets/aws-secrets-manager/refs.ts';
import type { SecretStore, SecretStoreContext } from '../../../src/secrets/store.ts';
import { type Moto, startMoto } from '../../parts/moto.ts';
import { awsAt, type StoreInput, useTestCredentials } from './aws-store.ts';
import { type SecretsProxy, startSecretsProxy } from './proxy.ts';
import { CREDENTIALS, type SecretsWorld, secretsWorld } from './world.ts';

export const MARKER = 'MARKER-5ecret-5ecret-5ecret';
export const never = new AbortController().signal;

/** moto with a proxy in front of it. */
export interface OnTheWire {
  readonly moto: Moto;
  readonly aws: SecretsProxy;
  readonly world: SecretsWorld;
  /** A store over the proxy, closed with the test. */
  storeAt(options?: StoreInput, context?: Partial<SecretStoreContext>): SecretStore;
}

/** For all tests of a file; before each one there is one secret, `token`, that holds the marker. */
export function onTheWire(): OnTheWire {
  const parts: { moto?: Moto; aws?: SecretsProxy; world?: SecretsWorld } = {};
  const wire: OnTheWire = {
    get moto() {
      return parts.moto ?? expect.unreachable();
    },
    get aws() {
      return parts.aws ?? expect.unreachable();
    },
    get world() {
      return parts.world ?? expect.unreachable();
    },
    storeAt(options, context) {
      const store = awsAt(wire.aws.url, options, context);
      onTestFinished(() => store.close?.());
      return store;
    },
  };
  beforeAll(async () => {
    useTestCredentials();
    parts.moto = await startMoto();
    parts.aws = await startSecretsProxy(parts.moto.url);
    parts.world = secretsWorld(parts.moto.url);
  });
  afterAll(async () => {
    parts.world?.close();
    await parts.aws?.stop();
    await parts.moto?.stop();
  });
  beforeEach(async () => {
    await wire.moto.reset();
    wire.aws.calls.length = 0;
    await wire.world.create('token', MARKER);
  });
  afterEach(() => {
    wire.aws.answer = () => undefined;
  });
  return wire;
}

export async function valueIn(store: SecretStore, ref: object): Promise<string> {
  const version = await store.read(valueRef.parse(ref), never);
  return Buffer.from(version?.parts?.['value']?.reveal() ?? []).toString();
}

/** What a read of the marker throws, in which there is nothing of it. */
export async function thrownBy(store: SecretStore, signal = never): Promise<Error> {
  const thrown: unknown = await store.read(valueRef.parse({ name: 'token' }), signal).catch((error) => error);
  if (!(thrown instanceof Error)) throw new Error(`it was read: ${inspect(thrown)}`);
  const seen = inspect(thrown, { depth: 9, showHidden: true });
  expect(seen).not.toContain(MARKER);
  expect(seen).not.toContain(CREDENTIALS.secretAccessKey);
  return thrown;
}
