import path from 'node:path';
import { z } from 'zod';
import { present } from './environment.ts';
import type { SealKeyPlace } from './seal-key.ts';

type Values = Readonly<Record<string, unknown>>;

const text = z.string().min(1);

const seal = z
  .strictObject({
    keyFile: text.optional().describe('File with the seal key.'),
    environment: text.optional().describe('Variable that holds the seal key.'),
  })
  .refine(
    ({ keyFile, environment }) => (keyFile === undefined) !== (environment === undefined),
    'expected the seal key in one place: keyFile or environment',
  );

const folder = z
  .strictObject({
    directory: text.optional().describe('Directory of the last good state.'),
    seal: seal.optional().describe('Keep last good secrets there, sealed with this key.'),
  })
  .refine(
    ({ directory }) => directory !== undefined,
    'a seal key alone keeps nothing over a restart: give the state directory too (--state DIR)',
  );

export const stateSchema = z.union([text, folder]).optional();

/**
 * The folder and the seal key each from the latest that names it. A flag `sealKeyFile` and a
 * `seal` of the environment become part of `state`, where the file has them.
 */
export function mergeState(fromFile: Values, over: Values): Values {
  const { state, seal: variable, sealKeyFile, ...others } = over;
  const key = sealKeyFile === undefined ? variable : { keyFile: sealKeyFile };
  const written = fromFile['state'];
  const merged = { ...fromFile, ...others };
  if (key === undefined && !isRecord(written)) return { ...merged, ...present({ state: state ?? written }) };
  const before = isRecord(written) ? written : { directory: written };
  return { ...merged, state: { ...before, ...present({ directory: state, seal: key }) } };
}

/** Of `state`, `seal` and `sealKeyFile`, where they are paths. */
export function absoluteState(values: Values, from: string): Values {
  const resolve = (value: unknown): unknown =>
    typeof value === 'string' && value !== '' ? path.resolve(from, value) : value;
  const within = (value: unknown, key: string, change: (inner: unknown) => unknown): unknown =>
    isRecord(value) && key in value ? { ...value, [key]: change(value[key]) } : value;
  const keyFile = (value: unknown): unknown => within(value, 'keyFile', resolve);
  const state = isRecord(values['state'])
    ? within(within(values['state'], 'directory', resolve), 'seal', keyFile)
    : resolve(values['state']);
  return {
    ...present({ state, seal: keyFile(values['seal']), sealKeyFile: resolve(values['sealKeyFile']) }),
  };
}

export function splitState(state: z.output<typeof stateSchema>): {
  readonly state?: string | undefined;
  readonly seal?: SealKeyPlace | undefined;
} {
  return typeof state === 'string' || state === undefined
    ? { state }
    : { state: state.directory, seal: state.seal };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
