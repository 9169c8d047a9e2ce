import { performance } from 'node:perf_hooks';
import type { ConfigFile } from '../../src/config/files.ts';
import { parseConfig } from '../../src/config/load.ts';
import { ParseCache } from '../../src/config/parse-cache.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';

/** So many services and as many routes, from `first` on, as people write them: one line a value. */
function entries(first: number, count: number): string {
  const ids = Array.from({ length: count }, (_, index) => first + index);
  const services = ids.map(
    (id) => `  service-${id}:
    endpoints:
      - "10.${id >> 8}.${id & 255}.1:8080"
      - { address: "10.${id >> 8}.${id & 255}.2:8080", zone: a, weight: 2 }
    connectTimeout: 250ms
`,
  );
  const routes = ids.map(
    (id) => `  route-${id}:
    listeners: [web]
    hostnames: [host-${id}.example.com]
    rules:
      - matches: [{ path: { type: PathPrefix, value: /v1 }, headers: [{ name: x-beta, value: "1" }] }]
        backends: [{ service: service-${id}, weight: 9 }, { service: service-${first} }]
        timeouts: { request: 10s }
      - backends: [{ service: service-${id} }]
`,
  );
  return `services:\n${services.join('')}httpRoutes:\n${routes.join('')}`;
}

const HEAD = 'listeners: { web: { port: 8080 } }\ngroups: { edge: { listeners: [web] } }\n';

/** Wall time is what the event loop stands still for; CPU is what that is on an idle machine. */
function time(what: string, run: (round: number) => void, rounds = 7): void {
  run(0);
  const times = Array.from({ length: rounds }, (_, round) => {
    const start = performance.now();
    const before = process.cpuUsage();
    run(round + 1);
    const { user, system } = process.cpuUsage(before);
    return { wall: performance.now() - start, cpu: (user + system) / 1000 };
  });
  const shown = (['wall', 'cpu'] as const).map((kind) => {
    const sorted = times.map((one) => one[kind]).sort((x, y) => x - y);
    return `${kind} ${(sorted[rounds >> 1] ?? 0).toFixed(0).padStart(5)} ms`;
  });
  console.log(`${what.padEnd(58)} ${shown.join('  ')}`);
}

function parse(files: readonly ConfigFile[], cache = new ParseCache()): void {
  const { config, problems } = parseConfig(files, VOCABULARY, undefined, cache);
  if (config === undefined) throw new Error(`the bench's config is wrong: ${problems[0]?.message}`);
}

/** Another port for one service in the middle. */
function edit(text: string, round: number): string {
  const at = text.indexOf('.1:8080', text.length >> 2);
  return `${text.slice(0, at)}.1:${9000 + round}${text.slice(at + '.1:8080'.length)}`;
}

const one = HEAD + entries(0, 5_000);
const size = `${(one.length / 1024 / 1024).toFixed(1)} MB`;

time(`one file, 5,000 services + 5,000 routes (${size}; limit 1000 ms)`, () =>
  parse([{ path: 'a.yaml', text: one }]),
);
time('the same, read as a whole', () =>
  parse([{ path: 'a.yaml', text: one }], new ParseCache(() => undefined)),
);
const cache = new ParseCache();
time('the same, one service edited', (round) => parse([{ path: 'a.yaml', text: edit(one, round) }], cache));

const many = Array.from({ length: 50 }, (_, index) => ({
  path: `${String(index).padStart(2, '0')}.yaml`,
  text: `${index === 0 ? HEAD : ''}${entries(index * 100, 100)}`,
}));
time('50 files of 100 + 100', () => parse(many));
time('the same, one file edited', (round) =>
  parse(
    many.map((file, index) => (index === 25 ? { ...file, text: edit(file.text, round) } : file)),
    cache,
  ),
);
