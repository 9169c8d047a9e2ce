import { MusterError } from '../../errors.ts';

/**
 * What the reaction to a failed call depends on. `absent`: Vault itself says that there is nothing;
 * `forbidden`: the token, or its policy; `refused`: what was asked for is wrong; `throttled`: asked
 * too much; `down`: sealed, unreachable or failing; `broken`: no answer of a Vault.
 */
export type VaultReaction = 'absent' | 'forbidden' | 'refused' | 'throttled' | 'down' | 'broken';

/**
 * A call that failed, in words that hold nothing secret. Errors of libraries are never its cause:
 * they carry headers and bodies.
 */
export class VaultFault extends MusterError {
  readonly reaction: VaultReaction;
  /** How long Vault asked to be left alone. */
  readonly pauseMs: number | undefined;

  constructor(reaction: VaultReaction, message: string, pauseMs?: number) {
    super('secret_failed', message);
    this.reaction = reaction;
    this.pauseMs = pauseMs;
  }
}

export function reactionOf(error: unknown): VaultReaction | undefined {
  return error instanceof VaultFault ? error.reaction : undefined;
}

/** A denied call says which capability its policy lacks. */
export function withNeed(error: unknown, need: string): unknown {
  return error instanceof VaultFault && error.reaction === 'forbidden'
    ? new VaultFault('forbidden', `${error.message} (the policy of our login needs ${need})`)
    : error;
}
