import { createServer, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeCa } from '../certificates.ts';
import { jwtIssuer } from './jwt.ts';
import { API_KEY, faultOf, mended, readApiKey, startVaultWorld, type VaultWorld } from './vault-world.ts';

const issuer = jwtIssuer();

let world: VaultWorld;
beforeAll(async () => {
  world = await startVaultWorld();
}, 60_000);
afterAll(() => world.close());
afterEach(() => world.reset());

describe('JWT', () => {
  const good = { sub: 'muster', aud: 'vault' };
  const jwtStore = (role = 'shop') =>
    world.store({ auth: { jwt: { role, jwtFile: 'jwt', mount: 'ci/jwt' } } });
  beforeAll(async () => {
    await world.bao.call('POST', 'sys/auth/ci/jwt', { type: 'jwt' });
    await world.bao.call('POST', 'auth/ci/jwt/config', { jwt_validation_pubkeys: [issuer.publicKey] });
    await world.bao.call('POST', 'auth/ci/jwt/role/shop', {
      role_type: 'jwt',
      user_claim: 'sub',
      bound_audiences: ['vault'],
      token_policies: ['shop'],
    });
  });

  test('logs in by a token out of a file, which is read at each login', async () => {
    await world.write('jwt', issuer.issue(good));
    const store = jwtStore();
    expect(await readApiKey(store)).toBe(API_KEY);
    await world.write('jwt', issuer.issue({ ...good, aud: 'other' }));
    await world.revokeLogins('ci/jwt');
    expect(String(await faultOf(store))).toMatch(/role shop.*jwt/);
  });

  test('one that has expired is told with its file, and its successor counts within 10 s', async () => {
    const expired = issuer.issue(good, -600);
    await world.write('jwt', expired);
    const store = jwtStore();
    const fault = await faultOf(store);
    expect(String(fault)).toMatch(/logging in at auth\/ci\/jwt\/login was refused.*role shop.*jwt: expired/);
    expect(String(fault)).not.toContain(expired);
    await world.write('jwt', issuer.issue(good));
    await mended(store);
  });

  test('one of another signer and a role that is not there are told', async () => {
    await world.write('jwt', jwtIssuer().issue(good));
    expect(String(await faultOf(jwtStore()))).toMatch(/was refused.*\(role shop with the token of jwt/);
    await world.write('jwt', issuer.issue(good));
    expect(String(await faultOf(jwtStore('none')))).toMatch(/was refused.*\(role none with the token of jwt/);
  });
});

describe('Kubernetes', () => {
  const account = { namespace: 'edge', serviceaccount: { name: 'muster', uid: 'uid-1' } };
  const good = { sub: 'system:serviceaccount:edge:muster', 'kubernetes.io': account };
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startTokenReviews();
    await world.bao.call('POST', 'sys/auth/kubernetes', { type: 'kubernetes' });
    await world.bao.call('POST', 'auth/kubernetes/config', {
      kubernetes_host: cluster.url,
      kubernetes_ca_cert: (await makeCa()).certificate,
      token_reviewer_jwt: issuer.issue({ sub: 'reviewer' }),
      disable_local_ca_jwt: true,
    });
    await world.bao.call('POST', 'auth/kubernetes/role/shop', {
      bound_service_account_names: ['muster'],
      bound_service_account_namespaces: ['edge'],
      token_policies: ['shop'],
    });
  });
  afterAll(() => cluster.stop());
  const kubernetesStore = () => world.store({ auth: { kubernetes: { role: 'shop', jwtFile: 'account' } } });

  test('logs in with the token of a service account that the cluster knows', async () => {
    await world.write('account', issuer.issue(good));
    expect(await readApiKey(kubernetesStore())).toBe(API_KEY);
    expect(cluster.reviews()).toBeGreaterThan(0);
  });

  test('one that the cluster does not know is told with its file, and its successor counts within 10 s', async () => {
    await world.write('account', issuer.issue({ ...good, unknown: true }));
    const store = kubernetesStore();
    expect(String(await faultOf(store))).toMatch(/role shop with the token of account: expired/);
    await world.write('account', issuer.issue(good));
    await mended(store);
  });
});

interface Cluster {
  readonly url: string;
  reviews(): number;
  stop(): Promise<void>;
}

/** The part of a cluster's API that says whose a token is; it knows all but those that say `unknown`. */
async function startTokenReviews(): Promise<Cluster> {
  let reviews = 0;
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const asked: unknown = JSON.parse(text);
    reviews += 1;
    response.setHeader('content-type', 'application/json');
    response.setHeader('connection', 'close');
    response.statusCode = request.url === '/apis/authentication.k8s.io/v1/tokenreviews' ? 201 : 404;
    response.end(JSON.stringify(reviewOf(asked)));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    reviews: () => reviews,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function reviewOf(asked: unknown): object {
  const token: unknown = Reflect.get(Object(Reflect.get(Object(asked), 'spec')), 'token');
  const claims = Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString('utf8');
  const user = {
    username: 'system:serviceaccount:edge:muster',
    uid: 'uid-1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:edge', 'system:authenticated'],
  };
  const status = claims.includes('unknown') ? { authenticated: false } : { authenticated: true, user };
  return { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status };
}
