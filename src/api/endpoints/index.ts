import type { Endpoint } from '../endpoint.ts';
import { configProblems } from './config-problems.ts';
import { health } from './health.ts';
import { metricsEndpoint } from './metrics.ts';
import { nodes } from './nodes.ts';
import { snapshot } from './snapshot.ts';
import { status } from './status.ts';

/** Every endpoint; `/openapi.json` is derived from them. */
export const ENDPOINTS: readonly Endpoint[] = [
  health,
  metricsEndpoint,
  status,
  nodes,
  snapshot,
  configProblems,
];
