import type { Logger } from 'pino';
import { STATE_DRIVERS } from '../fleet/state/index.ts';
import type { FleetState } from '../fleet/state/state.ts';
import { createSealedOnDisk } from '../sealed/on-disk.ts';
import type { SealedSecrets } from '../sealed/sealed-secrets.ts';
import { createUnsealed } from '../sealed/unsealed.ts';
import type { SecretBytes } from '../secret-bytes.ts';

/** What a replica keeps over a restart, and where. */
export interface KeptOptions {
  /** undefined: nothing is kept. */
  readonly stateDir: string | undefined;
  /** undefined: no byte of a secret is kept. */
  readonly sealKey: SecretBytes | undefined;
  readonly logger: Logger;
}

export function createSealed({ stateDir, sealKey: key, logger }: KeptOptions): SealedSecrets {
  if (stateDir === undefined || key === undefined) return createUnsealed(stateDir);
  return createSealedOnDisk({
    stateDir,
    key,
    onProblem: (problem) => {
      if (problem === undefined) logger.info('sealed secrets can be written again');
      else logger.error(problem);
    },
  });
}

export function createState({ stateDir, logger }: KeptOptions): FleetState {
  if (stateDir === undefined) return STATE_DRIVERS.memory();
  return STATE_DRIVERS.disk({
    dir: stateDir,
    onHealth: ({ ok, error }) => {
      if (ok) logger.info('the state directory can be written again');
      else logger.error(error ?? 'the state directory cannot be written');
    },
  });
}
