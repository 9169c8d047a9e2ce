/** A config with every key of the language in it, valid. */
export const FULL = `sources:
  legacy: { file: { paths: ["./legacy/*.yaml"], reread: 30s } }
secretStores:
  certs: { file: { directory: certs } }
secrets:
  shop-tls: { tls: { store: certs, certificate: shop.crt, privateKey: shop.key } }
  api-tls: { tls: { bundle: api.pem } }
  clients: { ca: { certificates: ca.pem } }
  token: { value: { path: token, trim: false } }
services:
  checkout:
    endpoints:
      - "127.0.0.1:9000"
      - "[::1]:80"
      - { address: "10.0.0.1:80", weight: 3, priority: 1, region: eu, zone: a, subZone: r1, health: DRAINING, labels: { app.version: v1 } }
    loadBalancing: { leastRequest: { choices: 3 } }
    connectTimeout: 1m30s
    protocol: http2
  web:
    from:
      - source: legacy
        service: web
        where: { app: [web, shop], env: { not: dev }, canary: { exists: false }, version: { matches: "^v[0-9]+$" }, on: true }
        port: { label: http-port, default: 8080 }
        priority: 1
        weight: { label: app.weight, default: 2 }
        region: eu
        zone: a
        subZone: r1
      - { source: legacy, port: 8080, weight: 3 }
      - { source: legacy, port: { name: http }, where: { zone: { not: { matches: "^b" } } } }
    loadBalancing: { roundRobin: {} }
    failover: { zones: [a, b] }
    localityWeights: [{ region: eu, zone: a, subZone: r1, weight: 3 }, { zone: b, weight: 1 }]
    metadata: { version: [app.version, version], stage: stage }
    subsets: { keys: [[version], [stage, version]], fallback: { default: { version: v1 } } }
  regional: { endpoints: ["api.example.com:443", "10.0.0.1:443"], resolve: envoy, failover: { regions: [eu] } }
serviceTemplates:
  everything:
    source: legacy
    name: "legacy-{service}"
    where: { public: true }
    port: { label: http-port }
    weight: 2
    zone: a
    loadBalancing: { leastRequest: {} }
    connectTimeout: 1s
    protocol: http2
    metadata: { version: version }
    subsets: { keys: [[version]], fallback: none }
    localityWeights: [{ zone: a, weight: 2 }]
    failover: { regions: [eu] }
listeners:
  plain: { port: 8080, address: "127.0.0.1", redirectToHttps: true }
  other: { port: 8081, redirectToHttps: { port: 8443, statusCode: 308 } }
  public:
    port: 8443
    protocol: HTTPS
    tls:
      certificates: [{ secret: shop-tls, hostnames: [shop.example.com, "*.shop.example.com"] }, { secret: api-tls }]
      minVersion: "1.2"
      maxVersion: "1.3"
      alpn: [h2]
httpRoutes:
  shop:
    listeners: [public]
    hostnames: [shop.example.com, "*.shop.example.com"]
    filters: [{ cors: { allowOrigins: ["https://example.com"] } }]
    rules:
      - matches:
          - path: { type: PathPrefix, value: /checkout }
            headers: [{ type: Exact, name: X-Beta, value: "1" }]
            queryParams: [{ type: RegularExpression, name: q, value: "a+" }]
            method: GET
          - path: /pay
        filters: [{ requestHeaderModifier: { set: [{ name: x-a, value: b }] } }]
        backends: [{ service: checkout, weight: 90 }, { service: web, weight: 10 }]
        timeouts: { request: 10s, backendRequest: 2s }
        retry: { attempts: 2, on: [connect-failure], codes: [503], backoff: { base: 25ms, max: 250ms } }
      - matches: [{ path: { type: Exact, value: /old } }]
        filters: [{ requestRedirect: { hostname: example.com, statusCode: 301 } }]
      - backends: [{ service: web, subset: { version: v1 } }, { service: legacy-api }]
groups:
  edge: { match: { cluster: edge, locality: { zone: a }, metadata: { team.name: shop } }, listeners: [public, plain] }
  inner: { match: { id: n1 }, listeners: [other], identities: ["spiffe://example.org/edge/n1"], allowEmpty: true }
`;
