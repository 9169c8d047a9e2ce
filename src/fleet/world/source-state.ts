import { isDeepStrictEqual } from 'node:util';
import { InstanceIndex } from '../../discovery/instances.ts';
import type { ScopeReport, SourceAdapter } from '../../discovery/source.ts';
import type { Config, ServiceFrom, SourceConfig } from '../../model/config.ts';
import { type Users, usersOf } from '../users.ts';
import { createIntake, type Intake } from './intake.ts';
import type { Scope } from './scope.ts';

/** What the world must know of a kind of source. */
export type SourceKind = Pick<SourceAdapter<unknown>, 'serviceLabel' | 'trustsAddresses'>;
export type SourceKinds = (kind: string) => SourceKind | undefined;

export interface SourceState {
  readonly name: string;
  readonly config: SourceConfig;
  readonly index: InstanceIndex;
  readonly scopes: Map<string, Scope>;
  readonly users: Users;
  readonly intake: Intake;
  readonly maxAgeMs: number | undefined;
  /** The first round of reports is over, or there is a last good from before the restart. */
  known: boolean;
  /** Scopes that failed in that round and were never read since, each with its one service. */
  readonly unread: Map<string, string | undefined>;
}

/** A source under a new config. `isReread`: what it serves may differ, so its services are selected anew. */
export function configureSource(
  before: SourceState | undefined,
  source: SourceConfig,
  config: Config,
  kind: SourceKind | undefined,
): { readonly state: SourceState; readonly isReread: boolean } {
  const kept = before?.config.kind === source.kind ? before : undefined;
  const isSameIntake = kept !== undefined && sameIntake(kept.config, source);
  const state: SourceState = {
    name: source.name,
    config: source,
    index: kept?.index ?? new InstanceIndex(kind?.serviceLabel),
    scopes: kept?.scopes ?? new Map(),
    users: usersOf(config, source.name),
    intake: isSameIntake ? kept.intake : createIntake(source, kind?.trustsAddresses === true),
    maxAgeMs: source.maxAgeMs,
    known: kept?.known ?? false,
    unread: kept?.unread ?? new Map(),
  };
  markEdited(kept, source);
  if (kept === undefined || isSameIntake) return { state, isReread: false };
  for (const scope of state.scopes.values()) {
    scope.reread(state.intake);
    state.index.replace(scope.name, scope.list);
  }
  return { state, isReread: true };
}

/** What a report tells of what is known at all. */
export function noteKnowledge(state: SourceState, scope: Scope, report: ScopeReport): void {
  const isUnread = report.kind === 'failure' && scope.isUnread;
  if (!isUnread) state.unread.delete(scope.name);
  else if (!state.known) state.unread.set(scope.name, report.service);
  const isAnswered = !isUnread || [...state.scopes.values()].some((one) => !one.isUnread);
  if (report.more !== true && isAnswered) state.known = true;
}

/** Whether all that such a `from` could select has been read at least once. */
export function isKnownTo({ known, unread }: SourceState, from: ServiceFrom): boolean {
  if (!known) return false;
  for (const service of unread.values()) {
    if (service === undefined || from.service === undefined || service === from.service) return false;
  }
  return true;
}

function sameIntake(a: SourceConfig, b: SourceConfig): boolean {
  return isDeepStrictEqual([a.relabel, a.allowAddresses], [b.relabel, b.allowAddresses]);
}

/** Asked something else, a source may answer with much less, and that is what the user wants. */
function markEdited(kept: SourceState | undefined, source: SourceConfig): void {
  if (kept === undefined || isDeepStrictEqual(kept.config.options, source.options)) return;
  for (const scope of kept.scopes.values()) scope.markEdited();
}
