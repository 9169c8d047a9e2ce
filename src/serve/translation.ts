import { buildPlan } from '../fleet/plan.ts';
import type { Translation } from '../fleet/translation.ts';
import { endpointResource } from '../translate/endpoint.ts';
import { secretResource } from '../translate/secret.ts';
import { translate } from '../translate/translate.ts';
import type { ProtoRegistry } from '../xds/proto/registry.ts';
import { TYPE_URL } from '../xds/type-urls.ts';

/** Plan and translation joined: config in, resources out. */
export function createTranslation(proto: ProtoRegistry): Translation {
  return {
    structure(config, group, knownSecrets) {
      const plan = buildPlan(config, group);
      const { resources, problems, failed } = translate(plan, proto, { secrets: knownSecrets });
      return {
        resources,
        problems,
        failed,
        services: plan.cells.map(({ name }) => name),
        secrets: plan.secrets,
      };
    },
    endpoints: (service, endpoints) => endpointResource(service, endpoints, proto),
    secret: (name, secret, origin) =>
      secretResource({ name, origin, version: secret.version, material: secret }, proto),
    types: {
      cluster: TYPE_URL.cluster,
      endpoints: TYPE_URL.endpoint,
      secret: TYPE_URL.secret,
      listener: TYPE_URL.listener,
    },
  };
}
