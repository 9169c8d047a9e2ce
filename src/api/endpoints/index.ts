import type { Endpoint } from '../endpoint.ts';
import { configProblems } from './config-problems.ts';
import { explain } from './explain.ts';
import { health } from './health.ts';
import { instances } from './instances.ts';
import { metricsEndpoint } from './metrics.ts';
import { nodes } from './nodes.ts';
import { relabel } from './relabel.ts';
import { release } from './release.ts';
import { secrets } from './secrets.ts';
import { snapshot } from './snapshot.ts';
import { sources } from './sources.ts';
import { status } from './status.ts';

/** Every endpoint; `/openapi.json` is derived from them. */
export const ENDPOINTS: readonly Endpoint[] = [
  health,
  metricsEndpoint,
  status,
  sources,
  instances,
  explain,
  secrets,
  release,
  relabel,
  nodes,
  snapshot,
  configProblems,
];
