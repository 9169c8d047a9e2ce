import type { ReplicaActions } from '../api/ports.ts';
import type { ReleaseView } from '../api/source-views.ts';
import { type SourceParts, unknownScope, unknownSource } from './source-views.ts';

interface Acted extends SourceParts {
  readonly world: SourceParts['world'] & Pick<import('../fleet/world.ts').World, 'heldServices'>;
  /** False: nothing is held there. */
  release(source: string, scope: string): boolean;
}

/** What the API may do to a running replica. */
export function createActions(replica: Acted): ReplicaActions {
  return {
    release: (source, scope) => {
      if (replica.config?.sources.has(source) !== true) return { unknown: unknownSource(replica, source) };
      const status = replica.world.scopes(source).find((one) => one.scope === scope);
      if (status === undefined) return { unknown: unknownScope(replica, source, scope) };
      const services = replica.world
        .heldServices()
        .filter((held) => held.source === source && held.scope === scope)
        .map(({ service, held }) => ({ service, held }));
      const released = replica.release(source, scope);
      const what = released ? { instances: status.held, services } : { instances: 0, services: [] };
      return { found: { source, scope, released, ...what, message: messageOf(released, what) } };
    },
  };
}

function messageOf(
  released: boolean,
  { instances, services }: Pick<ReleaseView, 'instances' | 'services'>,
): string {
  if (!released) return 'nothing is held there: nothing was changed';
  const parts = [
    ...(instances > 0 ? [`${instances} ${instances === 1 ? 'instance' : 'instances'}`] : []),
    ...services.map(
      ({ service, held }) => `${held} ${held === 1 ? 'endpoint' : 'endpoints'} of service ${service}`,
    ),
  ];
  const isOne = instances + services.reduce((sum, { held }) => sum + held, 0) === 1;
  return `${parts.join(' and ')} ${isOne ? 'is' : 'are'} no longer served`;
}
