import type { HostPlan, ListenerPlan } from '../fleet/plan.ts';
import type { Listener } from '../model/config.ts';
import { MAX_BODY_BYTES } from './filters/direct-response.ts';
import { REDIRECT_CODE } from './filters/request-redirect.ts';
import type { Message, Proto } from './proto.ts';
import type { BuildProblem } from './resource.ts';
import { translateRoute } from './route.ts';

export const ROUTE_CONFIGURATION_TYPE = 'envoy.config.route.v3.RouteConfiguration';

export interface TranslatedRoutes {
  readonly message: Message;
  readonly problems: readonly BuildProblem[];
}

/**
 * All routes of one listener, under the listener's name. One listener has one route table whatever
 * its certificates: the Host header, not SNI, chooses the virtual host.
 */
export function translateRoutes(plan: ListenerPlan, proto: Proto): TranslatedRoutes {
  const { listener } = plan;
  if (listener.redirectToHttps !== undefined) {
    return { message: configuration(listener, [redirectHost(listener)]), problems: [] };
  }
  const hosts = plan.hosts.map((host) => virtualHost(host, listener, proto));
  const message = configuration(
    listener,
    hosts.map((host) => host.message),
  );
  return { message, problems: hosts.flatMap(({ problems }) => problems) };
}

/** A host matches whatever port it is written with; the upstream still sees the header as it came. */
function configuration({ name }: Listener, virtualHosts: readonly Message[]): Message {
  return {
    name,
    virtualHosts,
    ignorePortInHostMatching: true,
    maxDirectResponseBodySizeBytes: { value: MAX_BODY_BYTES },
  };
}

function virtualHost({ hostname, routes }: HostPlan, listener: Listener, proto: Proto): TranslatedRoutes {
  const translated = routes.map((route) => translateRoute(route, { listener, hostname }, proto));
  return {
    message: {
      name: hostname,
      domains: [hostname],
      routes: translated.flatMap(({ messages }) => messages),
    },
    problems: translated.flatMap(({ problems }) => problems),
  };
}

function redirectHost({ redirectToHttps }: Listener): Message {
  const port = redirectToHttps?.port ?? 443;
  const redirect = {
    schemeRedirect: 'https',
    ...(port === 443 ? {} : { portRedirect: port }),
    responseCode: REDIRECT_CODE[redirectToHttps?.statusCode ?? 301],
  };
  return {
    name: '*',
    domains: ['*'],
    routes: [{ name: 'redirect-to-https', match: { prefix: '/' }, redirect }],
  };
}
