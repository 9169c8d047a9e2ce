import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type ScopeFigures, scopeMetrics } from './scope-metrics.ts';

/** The metrics of one replica. Names of secrets are never labels. */
export interface Metrics {
  readonly registry: Registry;
  readonly builds: Counter<'group' | 'result'>;
  readonly buildSeconds: Histogram<'group'>;
  readonly answers: Counter<'type' | 'answer'>;
  readonly refusedNodes: Counter<string>;
  /** What was refused on the node port, by reason. */
  readonly refused: Counter<'reason'>;
  readonly configReloads: Counter<'result'>;
  readonly sourceReports: Counter<'source' | 'result'>;
  readonly secretProblems: Counter<string>;
}

/** What is read when metrics are asked for. */
export interface Gauges {
  nodes(): ReadonlyMap<string, number>;
  revisions(): ReadonlyMap<string, number>;
  sourceAges(): ReadonlyMap<string, number>;
  /** The word for the state of each source. */
  sourceStates(): ReadonlyMap<string, string>;
  scopes(): readonly ScopeFigures[];
  /** Endpoints held, by service; those that hold none are left out. */
  heldServices(): ReadonlyMap<string, number>;
  /** By state. */
  secrets(): ReadonlyMap<string, number>;
  /** By step of the ladder: warn, page, expired. */
  secretAlarms(): ReadonlyMap<string, number>;
  /** By store: epoch seconds of the earliest end of what is served from it. */
  secretEnds(): ReadonlyMap<string, number>;
  configProblems(): number;
  stateOk(): boolean;
  /** By file of the node port (`certificate`, `denylist`): 1 while what was read last could be used. */
  nodeFilesOk(): ReadonlyMap<string, number>;
  /** Epoch seconds at which the certificate of the node port ends; undefined without one. */
  nodeTlsExpiry(): number | undefined;
}

export function createMetrics(gauges: Gauges): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const byLabel = (
    name: string,
    help: string,
    label: string,
    read: () => ReadonlyMap<string, number>,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const [value, number] of read()) this.set({ [label]: value }, number);
      },
    });
  };
  const plain = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  byLabel('muster_nodes', 'Streams connected, by group', 'group', gauges.nodes);
  byLabel('muster_group_revision', 'Revision of the committed snapshot', 'group', gauges.revisions);
  byLabel(
    'muster_source_age_seconds',
    'Seconds since the oldest scope of a source gave a complete report',
    'source',
    gauges.sourceAges,
  );
  scopeMetrics(registry, gauges.scopes);
  stateMetric(registry, gauges.sourceStates);
  byLabel(
    'muster_service_held',
    'Endpoints of a service served although no source gives them any more; absent: none',
    'service',
    gauges.heldServices,
  );
  byLabel('muster_secrets', 'Secrets of the config, by state', 'state', gauges.secrets);
  byLabel(
    'muster_secrets_expiring',
    'Secrets near their end: warn from 80 % of a life, page from 90 %, expired',
    'alarm',
    gauges.secretAlarms,
  );
  byLabel(
    'muster_secret_expiry_timestamp_seconds',
    'Earliest end of a certificate that is served, by store; which one it is: muster secrets',
    'store',
    gauges.secretEnds,
  );
  plain(
    'muster_config_problems',
    'Problems of the newest edit; 0: the files are what runs',
    gauges.configProblems,
  );
  plain('muster_state_ok', '1 while the state directory can be written', () => (gauges.stateOk() ? 1 : 0));
  byLabel(
    'muster_node_files_ok',
    'Files of the node port (certificate, denylist): 1 while the newest content is what runs',
    'file',
    gauges.nodeFilesOk,
  );
  plain(
    'muster_node_tls_expiry_timestamp_seconds',
    'When the certificate of the node port ends; 0: it has none',
    () => gauges.nodeTlsExpiry() ?? 0,
  );
  return {
    registry,
    builds: new Counter({
      name: 'muster_builds_total',
      help: 'Builds of a group: committed, unchanged or failed',
      labelNames: ['group', 'result'],
      registers,
    }),
    buildSeconds: new Histogram({
      name: 'muster_build_seconds',
      help: 'Duration of a build that changed something',
      labelNames: ['group'],
      buckets: [0.0001, 0.001, 0.005, 0.02, 0.1, 0.5, 2],
      registers,
    }),
    answers: new Counter({
      name: 'muster_xds_answers_total',
      help: 'Answers of nodes by type: ack or nack',
      labelNames: ['type', 'answer'],
      registers,
    }),
    refusedNodes: new Counter({
      name: 'muster_nodes_refused_total',
      help: 'Streams refused because the node has no group, or more than one',
      registers,
    }),
    refused: new Counter({
      name: 'muster_refused_total',
      help: 'What was refused on the node port, by reason (docs/secure-the-fleet.md)',
      labelNames: ['reason'],
      registers,
    }),
    configReloads: new Counter({
      name: 'muster_config_reloads_total',
      help: 'Edits of the config: accepted or refused',
      labelNames: ['result'],
      registers,
    }),
    sourceReports: new Counter({
      name: 'muster_source_reports_total',
      help: 'Reports of a source: complete, unchanged or failure',
      labelNames: ['source', 'result'],
      registers,
    }),
    secretProblems: new Counter({
      name: 'muster_secret_problems_total',
      help: 'Reads or checks of a secret that failed; the last good version is served on',
      registers,
    }),
  };
}

function stateMetric(registry: Registry, read: Gauges['sourceStates']): void {
  new Gauge({
    name: 'muster_source_state',
    help: 'Always 1; the label says it: unused (no service selects from it), waiting, ok, restored, held, failing',
    labelNames: ['source', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [source, state] of read()) this.set({ source, state }, 1);
    },
  });
}
