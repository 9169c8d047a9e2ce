/** A route edited in a file, by rename: until one real Envoy has ACKed it, and where the time goes. */
import { setTimeout as wait } from 'node:timers/promises';
import { readConfigFiles } from '../../src/config/files.ts';
import { parseConfig } from '../../src/config/load.ts';
import { VOCABULARY } from '../../src/offline/vocabulary.ts';
import { freePort } from '../parts/ports.ts';
import { measure, quantile } from './build/measure.ts';
import { startRunning } from './edit/replica.ts';

const SERVICES = 100;
const EDITS = 40;
/** Longer than any quiet time: each edit meets an idle replica. */
const BETWEEN_MS = 150;

const all = Array.from({ length: SERVICES }, (_, index) => index);

function servicesYaml(): string {
  const one = (index: number): string =>
    `  s${index}:\n    endpoints:\n      - 127.0.0.1:${20_000 + index}\n      - 127.0.0.1:${21_000 + index}\n`;
  return `services:\n${all.map(one).join('')}`;
}

/** `turn` is in the timeout of one route. */
function routesYaml(turn: number): string {
  const one = (index: number): string =>
    [
      `  r${index}:`,
      '    listeners: [web]',
      '    rules:',
      `      - matches: [{ path: /s${index} }]`,
      `        backends: [{ service: s${index} }]`,
      `        timeouts: { request: ${index === 7 ? 1000 + turn : 15_000}ms }`,
      '',
    ].join('\n');
  return `httpRoutes:\n${all.map(one).join('')}`;
}

function show(name: string, values: readonly number[]): void {
  const [p50, p99] = [quantile(values, 0.5).toFixed(1), quantile(values, 0.99).toFixed(1)];
  console.log(`${name.padEnd(46)} p50 ${p50.padStart(6)} ms   p99 ${p99.padStart(6)} ms`);
}

const listener = `listeners:\n  web: { port: ${await freePort()}, address: 127.0.0.1 }\n`;
const running = await startRunning({
  'groups.yaml': `${listener}groups:\n  edge: { listeners: [web] }\n`,
  'services.yaml': servicesYaml(),
  'routes.yaml': routesYaml(0),
});
try {
  const committed: number[] = [];
  const answered: number[] = [];
  const whole: number[] = [];
  let cpuMs = 0;
  for (let turn = 1; turn <= EDITS + 5; turn += 1) {
    await wait(BETWEEN_MS + (turn % 10) * 7);
    const cpu = process.cpuUsage();
    const started = performance.now();
    const { built, acked } = await running.edit('routes.yaml', routesYaml(turn));
    const { user, system } = process.cpuUsage(cpu);
    if (turn <= 5) continue;
    cpuMs += (user + system) / 1000;
    committed.push(built - started);
    answered.push(acked - built);
    whole.push(acked - started);
  }
  const { files } = await readConfigFiles(running.config);
  const parses = Array.from({ length: 15 }, () => measure(() => void parseConfig(files, VOCABULARY)));
  console.log(`${SERVICES} services and routes, ${EDITS} edits, one Envoy`);
  show('edit -> committed (watch, read, parse, build)', committed);
  show('committed -> ACK (push, Envoy)', answered);
  show('edit -> ACK (limit 150 at p50)', whole);
  show(
    'for comparison: all files parsed from nothing',
    parses.map(({ wallMs }) => wallMs),
  );
  console.log(`CPU of the replica per edit: ${(cpuMs / EDITS).toFixed(1)} ms`);
} finally {
  await running.stop();
}
