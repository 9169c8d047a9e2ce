import type { InstanceIndex } from '../discovery/instances.ts';
import { selectEndpoints } from '../discovery/select.ts';
import { MusterError } from '../errors.ts';
import { buildPlan } from '../fleet/plan.ts';
import type { Config } from '../model/config.ts';
import type { Origin } from '../model/origin.ts';
import { endpointResource } from '../translate/endpoint.ts';
import type { TranslatedResource } from '../translate/resource.ts';
import { translate } from '../translate/translate.ts';
import type { ProtoRegistry } from '../xds/proto/registry.ts';
import { PUSH_ORDER, TYPE_URL } from '../xds/type-urls.ts';

export interface RenderedResource {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly origin: readonly Origin[];
  /** Canonical proto JSON; what Envoy's API marks as sensitive reads `[redacted]`. */
  readonly resource: unknown;
}

export interface Rendered {
  readonly group: string;
  /** In push order, then by name. */
  readonly resources: readonly RenderedResource[];
  /** What only a build can see, in words. */
  readonly problems: readonly string[];
}

export interface RenderInput {
  readonly config: Config;
  readonly group: string;
  /** A word of `TYPE_URL`, or a type URL; absent: every type. */
  readonly type?: string | undefined;
  readonly instancesOf: (source: string) => InstanceIndex | undefined;
  readonly proto: ProtoRegistry;
}

/**
 * What the nodes of a group would be served. Pure. Secrets are taken for readable, so that every
 * filter chain shows; their own resources are left out.
 */
export function renderConfig({ config, group, type, instancesOf, proto }: RenderInput): Rendered {
  if (!config.groups.has(group)) throw noGroup(group, config);
  const wanted = typeUrlOf(type);
  const plan = buildPlan(config, group);
  const { resources, problems } = translate(plan, proto, { secrets: new Set(config.secrets.keys()) });
  const endpoints = plan.cells.map((service) =>
    endpointResource(service, selectEndpoints(service, instancesOf), proto),
  );
  const shown = [...resources, ...endpoints]
    .filter(({ typeUrl }) => wanted === undefined || typeUrl === wanted)
    .toSorted(inPushOrder)
    .map((resource) => present(resource, proto));
  return { group, resources: shown, problems: problems.map(problemText) };
}

function present({ typeUrl, name, version, origins, bytes }: TranslatedResource, proto: ProtoRegistry) {
  const message = typeUrl.slice(typeUrl.lastIndexOf('/') + 1);
  const resource = proto.toJson(message, proto.decode(message, bytes), { redact: true });
  return { type: typeUrl, name, version, origin: origins, resource };
}

function inPushOrder(left: TranslatedResource, right: TranslatedResource): number {
  const order = PUSH_ORDER.indexOf(left.typeUrl) - PUSH_ORDER.indexOf(right.typeUrl);
  if (order !== 0) return order;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}

function typeUrlOf(type: string | undefined): string | undefined {
  if (type === undefined || type.includes('/')) return type;
  const found = Object.entries(TYPE_URL).find(([word]) => word === type);
  if (found !== undefined) return found[1];
  const words = Object.keys(TYPE_URL).join(', ');
  throw new MusterError('usage', `--type ${JSON.stringify(type)}: write one of ${words} or a type URL`);
}

function noGroup(group: string, { groups }: Config): MusterError {
  const names = [...groups.keys()].join(', ') || 'none';
  return new MusterError('usage', `no group ${JSON.stringify(group)}; the config has ${names}`);
}

function problemText({ origin, message }: { readonly origin: Origin; readonly message: string }): string {
  const place = [origin.file, origin.line].filter((part) => part !== undefined).join(':');
  return `${place === '' ? '' : `${place}: `}${origin.object}: ${message}`;
}
