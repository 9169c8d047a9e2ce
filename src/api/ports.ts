import type { NodeView, ReadinessView, RefusedNodeView, SnapshotView, StatusView } from './views.ts';

/**
 * What a running replica lets people look at. Every call answers at once from memory, never
 * throws for a fault of the world outside, and gives plain data that nobody changes afterwards.
 */
export interface ReplicaView {
  status(): StatusView;
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
