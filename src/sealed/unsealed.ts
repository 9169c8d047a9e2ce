import { errorText } from '../errors.ts';
import { SealedFiles } from './files.ts';
import type { RestoredSecrets, SealedSecrets } from './sealed-secrets.ts';

/** Without a seal key nothing of a secret is on disk: what an earlier start sealed there is removed. */
export function createUnsealed(stateDir: string | undefined): SealedSecrets {
  return {
    versionKey: undefined,
    load: async () => ({
      secrets: new Map(),
      problems: stateDir === undefined ? [] : await removeAll(new SealedFiles(stateDir)),
    }),
    put: () => undefined,
    retain: () => undefined,
    sweep: () => undefined,
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function removeAll(files: SealedFiles): Promise<RestoredSecrets['problems']> {
  try {
    const count = await files.removeAll();
    if (count === 0) return [];
    const what = count === 1 ? '1 sealed secret' : `${count} sealed secrets`;
    return [`${what} of an earlier start removed from ${files.dir}: there is no seal key now`];
  } catch (error) {
    return [`sealed secrets of an earlier start stay in ${files.dir}: ${errorText(error)}`];
  }
}
