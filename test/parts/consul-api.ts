/** One instance in the catalog, on a node of its own unless `node` is another's. */
export interface Registration {
  readonly service: string;
  /** Default: the service's name. */
  readonly id?: string;
  readonly node: string;
  readonly address?: string;
  readonly nodeAddress?: string;
  readonly port?: number;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
  readonly nodeMeta?: Readonly<Record<string, string>>;
  readonly weights?: { readonly Passing: number; readonly Warning: number };
  /** Of its one check; `none`: it has no check. Default passing. */
  readonly status?: 'passing' | 'warning' | 'critical' | 'none';
  /** What the check prints. */
  readonly output?: string;
}

export type CheckState = 'pass' | 'warn' | 'fail';

/** What tests ask of a Consul, by its own HTTP API. Errors carry Consul's words. */
export interface ConsulApi {
  get(path: string, token?: string): Promise<unknown>;
  put(path: string, body?: unknown, token?: string): Promise<unknown>;
  delete(path: string, token?: string): Promise<unknown>;
  /** `host:port` of the leader's RPC; empty: none. */
  leader(): Promise<string>;
  register(one: Registration): Promise<void>;
  /** A whole node, or one service on it. */
  deregister(node: string, serviceId?: string): Promise<void>;
  /** On the agent itself, with a TTL check that begins critical. */
  registerTtl(service: { readonly name: string; readonly id: string; readonly port: number }): Promise<void>;
  /** `note` is the check's output. */
  ttl(serviceId: string, state: CheckState, note?: string): Promise<void>;
  deregisterTtl(serviceId: string): Promise<void>;
  /** Of a service of the agent. */
  maintenance(serviceId: string, enable: boolean): Promise<void>;
  nodeMaintenance(enable: boolean): Promise<void>;
  /** A token with these rules (HCL); gives its secret. */
  makeToken(rules: string, secret?: string): Promise<string>;
}

const DEADLINE_MS = 10_000;

export function consulApi(base: string, management: string): ConsulApi {
  const call = async (method: string, path: string, body: unknown, token: string): Promise<unknown> => {
    const response = await fetch(base + path, {
      method,
      headers: token === '' ? {} : { 'x-consul-token': token },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: Consul answers ${response.status}: ${text}`);
    return text.trim() === '' ? undefined : JSON.parse(text);
  };
  const get = (path: string, token = management) => call('GET', path, undefined, token);
  const put = (path: string, body?: unknown, token = management) => call('PUT', path, body, token);
  const done = async (path: string, body?: unknown): Promise<void> => void (await put(path, body));
  return {
    get,
    put,
    delete: (path, token = management) => call('DELETE', path, undefined, token),
    leader: async () => String(await get('/v1/status/leader')),
    register: (one) => done('/v1/catalog/register', catalogBody(one)),
    deregister: (node, id) =>
      done('/v1/catalog/deregister', { Node: node, ...(id === undefined ? {} : { ServiceID: id }) }),
    registerTtl: ({ name, id, port }) =>
      done('/v1/agent/service/register', { Name: name, ID: id, Port: port, Check: { TTL: '10m' } }),
    ttl: (id, state, note = '') =>
      done(`/v1/agent/check/${state}/service:${id}?note=${encodeURIComponent(note)}`),
    deregisterTtl: (id) => done(`/v1/agent/service/deregister/${id}`),
    maintenance: (id, enable) => done(`/v1/agent/service/maintenance/${id}?enable=${enable}`),
    nodeMaintenance: (enable) => done(`/v1/agent/maintenance?enable=${enable}`),
    makeToken: (rules, secret) => makeToken(put, rules, secret),
  };
}

async function makeToken(put: ConsulApi['put'], rules: string, secret?: string): Promise<string> {
  const name = `p${crypto.randomUUID()}`;
  await put('/v1/acl/policy', { Name: name, Rules: rules });
  const body = { Policies: [{ Name: name }], ...(secret === undefined ? {} : { SecretID: secret }) };
  const made = await put('/v1/acl/token', body);
  if (typeof made !== 'object' || made === null || !('SecretID' in made))
    throw new Error('Consul made no token');
  return String(made.SecretID);
}

function catalogBody(one: Registration): object {
  const id = one.id ?? one.service;
  const check = {
    Name: 'alive',
    CheckID: `alive:${id}`,
    Status: one.status,
    ServiceID: id,
    Output: one.output ?? '',
  };
  return {
    Node: one.node,
    Address: one.nodeAddress ?? one.address ?? '10.0.0.1',
    NodeMeta: one.nodeMeta,
    Service: {
      ...{ Service: one.service, ID: id, Address: one.address ?? '', Port: one.port ?? 8080 },
      ...{ Tags: one.tags, Meta: one.meta, Weights: one.weights },
    },
    ...(one.status === 'none' ? {} : { Check: { ...check, Status: one.status ?? 'passing' } }),
  };
}
