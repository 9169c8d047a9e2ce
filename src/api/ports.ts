import type { RelabelRule } from '../model/config.ts';
import type { ExplainView } from './explain-view.ts';
import type { RelabelView } from './relabel-view.ts';
import type { ExplainSecretView, SecretDetailView } from './secret-views.ts';
import type { InstancesView, ReleaseView, SourceView } from './source-views.ts';
import type { NodeView, ReadinessView, RefusedNodeView, SnapshotView, StatusView } from './views.ts';

/**
 * What a running replica lets people look at. Every call answers at once from memory, never
 * throws for a fault of the world outside, and gives plain data that nobody changes afterwards.
 */
export interface ReplicaView {
  status(): StatusView;
  /** By name, with up to `limit` scopes each; given `source`, that one alone. */
  sources(query: SourcesQuery): Looked<readonly SourceView[]>;
  /** Every instance that fits, source by source, in the order of its reports. */
  instances(query: InstancesQuery): Looked<InstancesView>;
  /** The endpoints of a service, up to `limit` of them one by one. */
  explain(query: ExplainQuery): Looked<ExplainView>;
  /** By name. */
  secrets(): readonly SecretDetailView[];
  /** Where one comes from and who may have it. */
  explainSecret(name: string): Looked<ExplainSecretView>;
  /** What rules would do to what a source sees now. Takes its time in small steps, ends with `signal`. */
  relabel(request: RelabelRequest, signal: AbortSignal): Promise<Looked<RelabelView>>;
  /** Connected nodes in the order of their ids. */
  nodes(): readonly NodeView[];
  /** Nodes turned away: of no group, of two, or with an id that cannot be. */
  refused(): readonly RefusedNodeView[];
  /**
   * The committed snapshot of a group, resources in push order, then by name; `undefined`: there is
   * no such group or no snapshot yet. Given `typeUrl`, only that type need be there.
   */
  snapshot(group: string, typeUrl?: string): SnapshotView | undefined;
  /** Ready: every group has a snapshot. The reasons say in words what is missing. */
  ready(): ReadinessView;
}

/** What people may do to a running replica. */
export interface ReplicaActions {
  /** Accepts a shrink that is held: what the source last said of the scope is the truth. */
  release(source: string, scope: string): Looked<ReleaseView>;
}

/** What was asked for; or that there is no such thing, in words that name the nearest that is. */
export type Looked<View> = { readonly found: View } | { readonly unknown: string };

export interface SourcesQuery {
  readonly source?: string | undefined;
  readonly limit: number;
}

/** All that are given must hold. */
export interface InstancesQuery {
  readonly source?: string | undefined;
  readonly scope?: string | undefined;
  /** Those that this service selects. */
  readonly service?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface ExplainQuery {
  readonly service: string;
  readonly limit: number;
}

export interface RelabelRequest {
  readonly source: string;
  readonly rules: readonly RelabelRule[];
  /** How many instances are shown step by step. */
  readonly limit: number;
}
