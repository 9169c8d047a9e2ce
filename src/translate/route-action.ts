import type { RoutePlan } from '../fleet/plan.ts';
import type { Backend, Retry } from '../model/route.ts';
import { lbMetadata } from './metadata.ts';
import { duration, type Message, type Proto } from './proto.ts';

const PREVIOUS_HOSTS_TYPE = 'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate';

/** How often a retry may draw again when it draws a host that this request already tried. */
const HOST_DRAWS = 5;

/**
 * envoy.config.route.v3.RouteAction, or undefined where no backend has any weight. A backend without
 * endpoints keeps its share and answers it with 503; one of weight 0 gets none.
 */
export function routeAction(route: RoutePlan, proto: Proto): Message | undefined {
  const backends = route.backends.filter(({ weight }) => weight > 0);
  if (backends.length === 0) return undefined;
  return { ...target(backends), ...timeoutAndRetry(route, proto) };
}

function target(backends: readonly Backend[]): Message {
  const [first] = backends;
  if (first !== undefined && backends.length === 1) return { cluster: first.service, ...subsetOf(first) };
  const clusters = backends.map((backend) => ({
    name: backend.service,
    weight: { value: backend.weight },
    ...subsetOf(backend),
  }));
  return { weightedClusters: { clusters } };
}

function subsetOf({ subset }: Backend): Message {
  return subset === undefined ? {} : { metadataMatch: lbMetadata(subset) };
}

/**
 * Gateway API: `request` spans everything, `backendRequest` one try. Without retries there is one
 * try, so the smaller one counts. With retries but no `request`, the whole may take as long as all
 * tries together. 0 switches a limit off.
 */
function timeoutAndRetry({ timeouts, retry }: RoutePlan, proto: Proto): Message {
  const { requestMs, backendRequestMs } = timeouts;
  if (retry === undefined) return timeout(smaller(requestMs, backendRequestMs));
  const perTry = backendRequestMs === 0 ? undefined : backendRequestMs;
  const whole =
    requestMs ?? (backendRequestMs === undefined ? undefined : backendRequestMs * (retry.attempts + 1));
  return { ...timeout(whole), retryPolicy: retryPolicy(retry, perTry, proto) };
}

function timeout(ms: number | undefined): Message {
  return ms === undefined ? {} : { timeout: duration(ms) };
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  const limits = [a, b].filter((ms) => ms !== undefined);
  const real = limits.filter((ms) => ms > 0);
  return real.length > 0 ? Math.min(...real) : limits[0];
}

/** Only what cannot have reached the upstream is retried where the user names nothing. */
const DEFAULT_RETRY_ON = ['connect-failure', 'refused-stream'];

function retryPolicy(retry: Retry, perTryMs: number | undefined, proto: Proto): Message {
  const { attempts, codes, backoff } = retry;
  return {
    retryOn: retryOn(retry).join(','),
    numRetries: { value: attempts },
    retriableStatusCodes: codes,
    ...(perTryMs === undefined ? {} : { perTryTimeout: duration(perTryMs) }),
    ...(backoff === undefined ? {} : { retryBackOff: backOff(backoff) }),
    retryHostPredicate: [
      { name: 'envoy.retry_host_predicates.previous_hosts', typedConfig: proto.any(PREVIOUS_HOSTS_TYPE, {}) },
    ],
    hostSelectionRetryMaxAttempts: HOST_DRAWS,
  };
}

function retryOn({ on, codes }: Retry): readonly string[] {
  const named = on.length > 0 || codes.length > 0 ? on : DEFAULT_RETRY_ON;
  return codes.length === 0 ? named : [...new Set([...named, 'retriable-status-codes'])];
}

function backOff({ baseMs, maxMs }: NonNullable<Retry['backoff']>): Message {
  return { baseInterval: duration(baseMs), ...(maxMs === undefined ? {} : { maxInterval: duration(maxMs) }) };
}
