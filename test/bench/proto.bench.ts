import { performance } from 'node:perf_hooks';

/** Median of several runs in milliseconds, after a warm-up. */
function median(run: () => void, rounds = 15): number {
  for (let round = 0; round < 5; round++) run();
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((left, right) => left - right)[rounds >> 1] ?? 0;
}

function assignment(service: number): object {
  const lbEndpoints = Array.from({ length: 20 }, (_, index) => ({
    endpoint: {
      address: { socketAddress: { address: `10.${service % 250}.0.${index}`, portValue: 8080 + index } },
    },
    healthStatus: 1,
    loadBalancingWeight: { value: 1 + index },
  }));
  const locality = { region: 'eu-west-1', zone: 'eu-west-1a' };
  return {
    clusterName: `service-${service}`,
    endpoints: [{ locality, lbEndpoints, loadBalancingWeight: { value: 1 } }],
  };
}

function cluster(service: number, options: object): object {
  return {
    name: `service-${service}`,
    type: 3,
    edsClusterConfig: { edsConfig: { ads: {}, resourceApiVersion: 2 } },
    connectTimeout: { seconds: 5 },
    lbPolicy: 1,
    typedExtensionProtocolOptions: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
  };
}

const print = (what: string, value: number): void => console.log(`${what.padEnd(52)} ${value.toFixed(2)} ms`);

const start = performance.now();
const { loadRegistry } = await import('../../src/xds/proto/registry.ts');
const imported = performance.now();
const registry = loadRegistry();
print('import of the registry module', imported - start);
print('load of the descriptor bundle (limit 150)', performance.now() - imported);

const options = registry.any('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
  explicitHttpConfig: { httpProtocolOptions: {} },
});
const assignments = Array.from({ length: 1000 }, (_, service) => assignment(service));
const clusters = Array.from({ length: 1000 }, (_, service) => cluster(service, options));
for (const [name, type, messages] of [
  ['CLAs x 20 endpoints', 'envoy.config.endpoint.v3.ClusterLoadAssignment', assignments],
  ['clusters', 'envoy.config.cluster.v3.Cluster', clusters],
] as const) {
  const encode = registry.encoder(type);
  const check = registry.checker(type);
  const broken = messages.flatMap((message) => check(message)).length;
  if (broken > 0) throw new Error(`${broken} violations in ${name}`);
  print(
    `encode 1,000 ${name}`,
    median(() => messages.forEach((message) => void encode(message))),
  );
  print(
    `check 1,000 ${name}`,
    median(() => messages.forEach((message) => void check(message))),
  );
  const bytes = messages.map((message) => encode(message));
  print(
    `decode 1,000 ${name}`,
    median(() => bytes.forEach((one) => void registry.decode(type, one))),
  );
}
