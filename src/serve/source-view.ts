import type { ReplicaView } from '../api/ports.ts';
import type { World } from '../fleet/world.ts';
import { explainOf, selectedBy } from './explain-views.ts';
import { relabelOf } from './relabel-views.ts';
import { instancesOf, type SourceParts, sourcesOf } from './source-views.ts';

interface Shown extends SourceParts {
  readonly world: SourceParts['world'] & Pick<World, 'endpoints' | 'heldServices'>;
}

type SourceView = Pick<ReplicaView, 'sources' | 'instances' | 'explain' | 'relabel'>;

/** Where the endpoints of a running replica come from, read from its parts at the moment of asking. */
export function createSourceView(replica: Shown): SourceView {
  return {
    sources: (query) => sourcesOf(replica, query, Date.now()),
    instances: (query) => {
      if (query.service === undefined) return instancesOf(replica, query, undefined);
      const selected = selectedBy(replica, query.service);
      return 'unknown' in selected ? selected : instancesOf(replica, query, selected.found);
    },
    explain: (query) => explainOf(replica, query),
    relabel: (request, signal) => relabelOf(replica, request, signal),
  };
}
