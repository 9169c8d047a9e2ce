import { createMetrics } from '../../src/serve/metrics.ts';

/** muster's own metrics; what prom-client adds of the process has names of its own. */
export function metricTable(): string {
  const none = () => new Map<string, number>();
  const { registry } = createMetrics({
    nodes: none,
    revisions: none,
    sourceAges: none,
    sourceStates: () => new Map(),
    scopes: () => [],
    heldServices: none,
    secrets: none,
    secretAlarms: none,
    secretEnds: none,
    configProblems: () => 0,
    stateOk: () => true,
    nodeFilesOk: () => new Map(),
    nodeTlsExpiry: () => undefined,
  });
  const rows = registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('muster_'))
    .map(({ name, help, type }) => `| \`${name}\` | ${type} | ${help.replaceAll('|', '\\|')} |`);
  return ['| metric | type | what |', '|---|---|---|', ...rows.toSorted()].join('\n');
}
