import type { ResourceSet } from '../resource-set.ts';
import type { Answers } from './answers.ts';
import type { Push, Pushes } from './push.ts';
import type { Standing } from './standing.ts';
import type { StreamEvent } from './stream.ts';

/** What a stream's types share. */
export interface StreamContext {
  readonly pushes: Pushes;
  readonly onEvent: (event: StreamEvent) => void;
  /** Types whose empty first request means everything (rule W4). */
  readonly legacyWildcard: (typeUrl: string) => boolean;
  /** Types of which a client is told what is gone (rule D9). */
  readonly tellsRemovals: (typeUrl: string) => boolean;
}

/** One type on one stream: what is wanted, what the client was brought up to, what is unanswered. */
export interface TypeState {
  readonly typeUrl: string;
  readonly standing: Standing;
  readonly answers: Answers;
  /** True when removals wait that may have to be held. */
  hasRemovals(target: ResourceSet): boolean;
  /** Comes to `target`; undefined where there is nothing to say. */
  advance(target: ResourceSet, removals: boolean, now: number): Push | undefined;
}
